/** Head and first sentence of each step. */
export const words = [
	{
		title: "Choose an app",
		lead: "After your password, this NAS asks for a code from an app that only you have.",
	},
	{ title: "Connect your authenticator app", lead: "Use any authenticator app that shows 6-digit codes." },
	{ title: "2-step verification is on", lead: "The next sign-in asks for your password, then a code." },
] as const;
