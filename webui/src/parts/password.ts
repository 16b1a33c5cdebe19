export interface Strength {
	/** 0 to 4 parts of the meter. */
	parts: number;
	level: "bad" | "warn" | "ok";
	words: string;
}

/** Characters as a person counts them: an emoji is one. */
export const length = (password: string) => [...password.normalize("NFC")].length;

/** What fingers and lists of passwords begin with: a step along one of these adds next to nothing. */
const trodden = [
	"abcdefghijklmnopqrstuvwxyz",
	"01234567890",
	"qwertyuiop",
	"qwertzuiop",
	"azertyuiop",
	"asdfghjkl",
	"zxcvbnm",
	"yxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
	"password",
	"passwort",
	"castellan",
	"admin",
	"welcome",
	"letmein",
	"iloveyou",
];
const paths = trodden.flatMap((path) => [path, [...path].reverse().join("")]);

/** What a character is worth that repeats or continues what stands before it, beside one that does not. */
const echo = 0.15;

/** How many characters a guesser has to find out: what repeats or follows a trodden path counts for little. */
function fresh(password: string): number {
	const text = password.toLowerCase();
	let sum = 0;
	for (let at = 0; at < text.length; at++) {
		const pair = text.slice(at - 1, at + 1);
		const three = text.slice(at - 2, at + 1);
		const known =
			at > 0 &&
			(pair[0] === pair[1] ||
				(at > 1 && text.indexOf(three) < at - 2) ||
				paths.some((path) => path.includes(at > 1 ? three : pair)));
		sum += known ? echo : 1;
	}
	return sum;
}

/** A cautious guess at how hard a password is to guess, in bits: by its length, and by how much varies in it. */
export function bits(password: string): number {
	const kinds = [/\p{Ll}|\p{Lo}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) =>
		kind.test(password),
	).length;
	return fresh(password.normalize("NFC")) * (2 + 0.5 * Math.max(0, kinds - 1));
}

/**
 * Says how a new password stands against the rule of the NAS, which asks for length and for nothing else, and how hard
 * it looks to guess. The list of common passwords is known to the NAS alone, which refuses them with its own sentence.
 */
export function strength(password: string, least: number): Strength {
	const long = length(password);
	if (long === 0) return { parts: 0, level: "bad", words: "" };
	if (long < least) {
		const missing = least - long;
		const words = `${missing} more ${missing === 1 ? "character" : "characters"}`;
		return { parts: long * 2 < least ? 0 : 1, level: "bad", words };
	}
	const hard = bits(password);
	if (hard < 28) return { parts: 1, level: "warn", words: "Easy to guess" };
	if (hard < 42) return { parts: 2, level: "warn", words: "Fair" };
	if (hard < 58) return { parts: 3, level: "ok", words: "Good" };
	return { parts: 4, level: "ok", words: "Strong" };
}

/** Says why a password cannot be taken, or nothing. */
export function passwordFault(password: string, least: number): string {
	if (length(password) >= least) return "";
	return password === "" ? "Choose a password." : `Use at least ${least} characters.`;
}
