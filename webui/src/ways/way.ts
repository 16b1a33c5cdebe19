import type { SignInStep, Way } from "../api/types";
import { lifebuoy, mail, phone, press } from "../icons/first";
import type { Shape } from "../icons/shape";
import { codeLength } from "../parts/code";

/** How a person proves themselves after the password. */
export const wayName: Record<Way, string> = {
	app: "Authenticator app",
	email: "Code by e-mail",
	recovery: "Recovery code",
	presence: "Press the button on the NAS",
};

export const wayIcon: Record<Way, Shape> = { app: phone, email: mail, recovery: lifebuoy, presence: press };

/** One line about each, for whoever has to choose. */
export function wayNote(way: Way, to = ""): string {
	if (way === "app") return "Six digits that the app on your phone shows now.";
	if (way === "email") return to ? `Six digits, sent to ${to}.` : "Six digits, sent to your address.";
	if (way === "presence") return "A short press, while you stand beside it. Then a new device is set up.";
	return "One of the ten codes you saved. Each works once.";
}

/** The ways for which a code is typed: a press of the button is one at the door only, and stands in no form. */
export const codeWays = (ways: readonly Way[]) => ways.filter((way) => way !== "presence");

/** The ways beside the one that is tried now, in the order in which the NAS offers them. */
export const otherWays = (ways: readonly Way[], chosen: Way | undefined) =>
	ways.filter((way) => way !== chosen);

/** The same with codes of apps at the end while the time is not known, for they cannot be checked then. */
export const timely = (ways: readonly Way[], trusted: boolean): readonly Way[] =>
	trusted ? ways : [...ways.filter((way) => way !== "app"), ...ways.filter((way) => way === "app")];

/**
 * The way to begin with: the one that the person used last stands at the front. Waiting for a press is told to the owner, so
 * it is begun by whoever chooses it, and never by itself.
 */
export const firstWay = (ways: SignInStep["ways"]): Way | undefined => codeWays(ways ?? [])[0];

/** Letters and digits that no recovery code has, because they are taken for others. */
export const recoveryLength = 24;

/** What was typed as a recovery code without what is forgiven: case, spaces and dashes. */
export const foldRecovery = (typed: string) => typed.replace(/[\s-]/g, "").toUpperCase();

/** Says why something cannot be a code of this way, or nothing. The NAS decides; this only catches slips. */
export function codeFault(way: Way, typed: string): string {
	if (way === "recovery") {
		const folded = foldRecovery(typed);
		if (folded === "") return "Enter one of your recovery codes.";
		if (folded.length === recoveryLength && /^[0-9A-HJKMNP-TV-Z]+$/.test(folded)) return "";
		return "A recovery code has 24 letters and digits. There is no I, L, O or U in it.";
	}
	if (typed.length === codeLength) return "";
	return way === "app"
		? "Enter the six digits your app shows now."
		: "Enter the six digits from the newest mail.";
}

/** Enough was typed for a try. */
export const complete = (way: Way, typed: string) => codeFault(way, typed) === "";
