import type { Setup, Step } from "./setup.svelte";

/** Head and first sentence of each step. */
export function words({ step, way, added }: Setup): { title: string; lead: string } {
	if (step === "way")
		return {
			title: "Choose a way",
			lead: "After your password, this NAS asks for a code that only you can have. You can add more ways later.",
		};
	if (step === "codes")
		return {
			title: "Save your recovery codes",
			lead: "If you lose your phone, one of these signs you in. Each works once. This NAS shows them only now.",
		};
	if (step === "done" && added)
		return {
			title: way === "email" ? "Codes by e-mail are on" : "The new device is confirmed",
			lead: "The next sign-in asks for your password, then a code. Remove what you lost in Personal Settings › Security.",
		};
	if (step === "done")
		return {
			title: "2-step verification is on",
			lead: "The next sign-in asks for your password, then a code.",
		};
	return way === "email"
		? {
				title: "Confirm your e-mail",
				lead: "The code that comes back shows that mail from this NAS reaches you.",
			}
		: {
				title: "Connect your authenticator app",
				lead: "Use any authenticator app that shows 6-digit codes.",
			};
}

/** What the steps are called in the rail. */
export function stepName(step: Step, way: Setup["way"]): string {
	if (step === "way") return "Choose a way";
	if (step === "codes") return "Save recovery codes";
	if (step === "done") return "Done";
	return way === "email" ? "Confirm your e-mail" : "Connect the app";
}

/** One line under a step of the rail: what came of it, or what is to be done. */
export function stepNote(step: Step, setup: Setup): string {
	const done = setup.steps.indexOf(step) < setup.at;
	const now = step === setup.step;
	if (step === "way" && done) return setup.way === "email" ? "Codes by e-mail" : "Authenticator app";
	if (step === "codes") return done ? "Saved" : now ? "Keep them safe" : "";
	if (step !== "connect") return "";
	if (done) return setup.way === "email" ? (setup.email?.address ?? "") : setup.name;
	return now ? (setup.way === "email" ? "Enter the code" : "Scan, then enter a code") : "";
}

/** The words on the button that leads on. */
export function verb(setup: Setup, last: string): string {
	if (setup.step === "way") return setup.way === "email" && !setup.pending ? "Send code" : "Continue";
	if (setup.step === "codes") return "Continue";
	if (setup.step === "done") return last;
	return setup.wait.left > 0 ? `Again in ${setup.wait.left} s` : "Confirm";
}

/** And while it is at it. */
export function doing(setup: Setup): string {
	if (setup.step === "connect") return "Confirming";
	return setup.way === "email" ? "Sending" : "Making a key";
}
