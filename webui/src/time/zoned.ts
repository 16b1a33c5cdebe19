import { known } from "./format";

const day = 86_400_000;

/** What a clock in a zone shows at a moment, written as if it were UTC, in whole seconds. */
export function local(at: number, zone: string): number {
	const parts = new Intl.DateTimeFormat("en-GB", {
		timeZone: known(zone),
		hourCycle: "h23",
		year: "numeric",
		month: "numeric",
		day: "numeric",
		hour: "numeric",
		minute: "numeric",
		second: "numeric",
	}).formatToParts(at);
	const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
	return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** 2026-11-21T14:07 or 2026-11-21T14:07:26 as if it were UTC; nothing when that is no time. */
function shown(text: string): number | undefined {
	if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text)) return undefined;
	const at = Date.parse(`${text}Z`);
	return Number.isNaN(at) ? undefined : at;
}

/** The moment at which a clock in a zone shows 2026-11-21T14:07; nothing when that is no time. */
export function instant(text: string, zone: string): number | undefined {
	const wanted = shown(text);
	if (wanted === undefined) return undefined;
	let at = wanted;
	for (let turn = 0; turn < 2; turn++) at += wanted - local(at, zone);
	return at;
}

/**
 * All moments at which a clock in a zone shows that time, earliest first: none where clocks go forward over it,
 * two where they go back over it, and otherwise one.
 */
export function instants(text: string, zone: string): number[] {
	const wanted = shown(text);
	if (wanted === undefined) return [];
	const offsets = [-day, day].map((away) => local(wanted + away, zone) - (wanted + away));
	const found = new Set(offsets.map((offset) => wanted - offset).filter((at) => local(at, zone) === wanted));
	return [...found].sort((one, other) => one - other);
}

/** What a field for a date and a time holds for a moment. */
export const fieldOf = (at: number | undefined, zone: string, to: "minutes" | "seconds" = "minutes") =>
	at === undefined ? "" : new Date(local(at, zone)).toISOString().slice(0, to === "minutes" ? 16 : 19);
