export interface Strength {
	/** 0 to 4 parts of the meter. */
	parts: number;
	level: "bad" | "warn" | "ok";
	words: string;
}

/** Characters as a person counts them: an emoji is one. */
export const length = (password: string) => [...password.normalize("NFC")].length;

/**
 * Says how a new password stands against the rule of the NAS, which asks for length and for nothing else: longer
 * beats complicated. Common passwords are known to the NAS alone, which refuses them with its own sentence.
 */
export function strength(password: string, least: number): Strength {
	const long = length(password);
	const different = new Set(password.toLowerCase()).size;
	if (long === 0) return { parts: 0, level: "bad", words: "" };
	if (long < least) {
		const missing = least - long;
		const words = `${missing} more ${missing === 1 ? "character" : "characters"}`;
		return { parts: long * 2 < least ? 0 : 1, level: "bad", words };
	}
	if (different < 5) return { parts: 1, level: "warn", words: "Too uniform" };
	if (long < least + 3) return { parts: 2, level: "ok", words: "Long enough" };
	if (long < least + 7) return { parts: 3, level: "ok", words: "Good" };
	return { parts: 4, level: "ok", words: "Strong" };
}

/** Says why a password cannot be taken, or nothing. */
export function passwordFault(password: string, least: number): string {
	if (length(password) >= least) return "";
	return password === "" ? "Choose a password." : `Use at least ${least} characters.`;
}
