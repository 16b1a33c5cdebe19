import type { MailValues } from "../../api/types";

export interface Preset {
	id: string;
	name: string;
	server: Pick<MailValues, "host" | "port" | "security">;
	/** What the provider wants before it takes mail from a program. */
	hint: string;
}

/** Providers whose mail servers take mail from programs. */
export const presets: readonly Preset[] = [
	{
		id: "fastmail",
		name: "Fastmail",
		server: { host: "smtp.fastmail.com", port: 465, security: "tls" },
		hint: "Fastmail wants an app password: make one in its settings under Privacy & Security. Your own password is refused.",
	},
	{
		id: "gmail",
		name: "Gmail",
		server: { host: "smtp.gmail.com", port: 465, security: "tls" },
		hint: "Google wants an app password: turn 2-Step Verification on in your Google account, then make one under App passwords. Your own password is refused.",
	},
	{
		id: "gmx",
		name: "GMX",
		server: { host: "mail.gmx.net", port: 587, security: "starttls" },
		hint: "Allow POP3 and IMAP in the settings of GMX first. With its 2-factor sign-in on, GMX wants an app password.",
	},
	{
		id: "icloud",
		name: "iCloud Mail",
		server: { host: "smtp.mail.me.com", port: 587, security: "starttls" },
		hint: "Apple wants an app-specific password: make one at account.apple.com under Sign-In and Security. Your own password is refused.",
	},
	{
		id: "microsoft",
		name: "Microsoft 365 (Outlook)",
		server: { host: "smtp.office365.com", port: 587, security: "starttls" },
		hint: "Whoever runs the organisation has to allow SMTP AUTH for this mailbox. Personal Outlook.com addresses no longer take a password from programs.",
	},
	{
		id: "webde",
		name: "WEB.DE",
		server: { host: "smtp.web.de", port: 587, security: "starttls" },
		hint: "Allow POP3 and IMAP in the settings of WEB.DE first. With its 2-factor sign-in on, WEB.DE wants an app password.",
	},
	{
		id: "yahoo",
		name: "Yahoo Mail",
		server: { host: "smtp.mail.yahoo.com", port: 465, security: "tls" },
		hint: "Yahoo wants an app password: make one under Account security. Your own password is refused.",
	},
];

export const ownServer = "own";

/** Which of them a server belongs to. */
export const presetOf = (host: string): string =>
	presets.find((preset) => preset.server.host === host.trim().toLowerCase())?.id ?? ownServer;
