import type { ApiScope, ApiToken, FactorKind } from "../api/types";
import { clockTime, dayOf, moment, plural } from "../time/format";

/** The states of a token, and what its owner can do about each. */
export const states: Record<
	ApiToken["state"],
	{ level: "ok" | "warn" | "bad" | "off"; name: string; note?: string }
> = {
	active: { level: "ok", name: "Works" },
	// What to do about it stands above the list, for all of them.
	on_hold: { level: "warn", name: "On hold" },
	waiting: {
		level: "warn",
		name: "Waits for its machine",
		note: "castellan login fetches it within a few seconds, while it runs.",
	},
	lost: {
		level: "off",
		name: "Was never fetched",
		note: "It opens nothing. Revoke it, and begin again with castellan login.",
	},
	expired: {
		level: "off",
		name: "Expired",
		note: "It opens nothing any more. Revoke it and make a new one.",
	},
	locked: {
		level: "bad",
		name: "Locked",
		note: "Too many codes were wrong. A new second factor opens it again.",
	},
};

export const factors: Record<FactorKind, string> = {
	key: "Signatures with a key",
	codes: "Codes by time",
	none: "None",
};

/** In the order in which tokens are looked after: what waits for somebody first, what is over last. */
const order: Record<ApiToken["state"], number> = {
	on_hold: 0,
	locked: 1,
	waiting: 2,
	active: 3,
	lost: 4,
	expired: 5,
};

/** Those that wait for somebody first, those that are over last; otherwise as the NAS names them. */
export const sorted = (tokens: readonly ApiToken[]): ApiToken[] =>
	[...tokens].sort((a, b) => order[a.state] - order[b.state]);

export const held = (tokens: readonly ApiToken[]): ApiToken[] =>
	tokens.filter(({ state }) => state === "on_hold");

/** What a token opens, in words of the NAS; a scope that it names no more is shown as it is. */
export function opens(token: Pick<ApiToken, "scopes">, scopes: readonly ApiScope[]): string[] {
	const given = new Set(token.scopes);
	const reading = scopes.filter(({ writes }) => !writes);
	const known = scopes.filter(({ name }) => given.has(name));
	const unknown = token.scopes.filter((name) => !scopes.some((one) => one.name === name));
	const all = reading.length > 2 && reading.every(({ name }) => given.has(name));
	const shown = all ? known.filter(({ writes }) => writes) : known;
	return [
		...(all ? ["See everything that a program may see"] : []),
		...shown.map(({ words }) => words.replace(/\.$/, "")),
		...unknown,
	];
}

/** For how many days a new token may work. */
export function lifetimes(usual: number, most: number): { value: string; name: string }[] {
	const days = new Set([30, 90, 180, 365, usual, most].filter((one) => one > 0 && one <= most));
	return [...days]
		.sort((a, b) => a - b)
		.map((one) => ({ value: `${one}`, name: one === 365 ? "1 year" : `${one} days` }));
}

/** The networks in a text, however they are parted. */
export const networks = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

const hour = 3_600_000;
const day = 24 * hour;

/**
 * When a token was used last, from the full hour that the NAS notes: “In the last hour”, “Today 14:00 to 15:00”. Never before it
 * was made.
 */
export function lastUsed(token: Pick<ApiToken, "used" | "created">, now: number, zone: string): string {
	if (!token.used) return "Never";
	const from = Date.parse(token.used);
	if (now - from < hour) return "In the last hour";
	const at = Math.max(from, Date.parse(token.created));
	// Before yesterday the day is enough.
	if (dayOf(at, zone) !== dayOf(now, zone) && dayOf(at, zone) !== dayOf(now - day, zone))
		return moment(at, now, zone);
	return `${moment(at, now, zone)} to ${clockTime(from + hour, zone)}`;
}

/** Says that a token ends within two weeks, as the first mail does, while there is time to make another; nothing otherwise. */
export function endsSoon(token: Pick<ApiToken, "expires" | "state">, now: number): string {
	if (token.state === "expired" || token.state === "lost") return "";
	const left = Date.parse(token.expires) - now;
	if (left > 14 * day) return "";
	return left < day ? "Ends within a day" : `Ends in ${plural(Math.floor(left / day), "day", "days")}`;
}

/** Whether two names are one for the NAS. */
const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

/** The token that has a name already. */
export const holder = <T extends { name: string }>(tokens: readonly T[], name: string): T | undefined =>
	tokens.find((one) => same(one.name, name));

/** A name that no token has yet: the one that was asked for, or that with a number behind it. */
export function freeName(tokens: readonly { name: string }[], name: string): string {
	let free = name;
	for (let number = 2; holder(tokens, free); number++) {
		const tail = ` ${number}`;
		free = [...name].slice(0, 64 - tail.length).join("") + tail;
	}
	return free;
}
