import { bytes, readKey } from "./key";

/** Who asks to be let in by a link of castellan login. Both come from a stranger until somebody has compared the key. */
export interface Machine {
	name: string;
	key: string;
	/** What it asks to open; nothing where the link does not say. */
	scopes?: string[];
}

/** Reads the scopes of a link. They are only ticked, and unknown ones named, so that odd ones do no harm. */
const wanted = (scopes: unknown): Pick<Machine, "scopes"> => {
	if (!Array.isArray(scopes)) return {};
	const words = scopes.filter((one): one is string => typeof one === "string" && /^[\w:.-]{1,64}$/.test(one));
	return words.length > 0 ? { scopes: [...new Set(words)].slice(0, 32) } : {};
};

/** Reads what follows “#machine=” in a link of castellan login; nothing where that is incomplete or something else. */
export function readMachine(text: string): Machine | undefined {
	const raw = bytes(text);
	if (!raw || raw.length > 2048) return undefined;
	try {
		const { name, key, scopes } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
		if (typeof name !== "string" || typeof key !== "string" || !readKey(key)) return undefined;
		// What cannot be seen, or turns text around, has no place in a name that somebody is to judge.
		const plain = name.replace(/[\p{C}\p{Z}]+/gu, " ").trim();
		return plain ? { name: [...plain].slice(0, 64).join(""), key: key.trim(), ...wanted(scopes) } : undefined;
	} catch {
		return undefined;
	}
}
