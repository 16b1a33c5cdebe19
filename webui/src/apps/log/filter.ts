import type { Area, EventOutcome } from "../../api/types";
import { clockTime, date, dayOf } from "../../time/format";
import { instant, local } from "../../time/zoned";

/** What of the log is looked at. */
export interface Filter {
	area?: Area;
	kind?: string;
	outcome?: EventOutcome;
	who?: string;
	time?: Time;
	text?: string;
}

/** A span of time: one that goes with the clock, or one that stands. Moments are milliseconds. */
export type Time = { last: Last } | { from?: number; to?: number };

export type Last = "hour" | "today" | "week" | "month";

export const lastName: Record<Last, string> = {
	hour: "Last hour",
	today: "Today",
	week: "Last 7 days",
	month: "Last 30 days",
};

export const outcomeName: Record<EventOutcome, string> = {
	done: "Done",
	refused: "Refused",
	failed: "Failed",
};

const hour = 3_600_000;
const day = 24 * hour;

/** The query of a filter at a moment, in a zone. */
export function queryOf({ time, ...rest }: Filter, now: number, zone: string) {
	const { from, to } = spanOf(time, now, zone);
	const written = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
	return { ...rest, from: written(from), to: written(to) };
}

function spanOf(time: Time | undefined, now: number, zone: string): { from?: number; to?: number } {
	if (!time) return {};
	if (!("last" in time)) return time;
	if (time.last === "today") return { from: midnight(now, zone) };
	return { from: now - { hour, week: 7 * day, month: 30 * day }[time.last] };
}

/** When the day of a moment began in a zone. */
export function midnight(now: number, zone: string): number {
	const here = new Date(local(now, zone));
	here.setUTCHours(0, 0, 0, 0);
	const guess = instant(here.toISOString().slice(0, 16), zone) ?? now;
	// A day may begin at one o'clock, where clocks go forward at midnight.
	return dayOf(guess, zone) === dayOf(now, zone) ? guess : guess + hour;
}

export interface Chip {
	/** What it stands for, for screen readers. */
	what: string;
	name: string;
	without: Filter;
}

/** The parts of a filter, each with what is left without it. The area is not one: it is the page. */
export function chips(filter: Filter, zone: string): Chip[] {
	const { kind, outcome, who, time, text } = filter;
	const all: (Chip | false | undefined)[] = [
		outcome && { what: "Outcome", name: outcomeName[outcome], without: { ...filter, outcome: undefined } },
		who !== undefined && { what: "User", name: who, without: { ...filter, who: undefined } },
		time && { what: "Time", name: timeName(time, zone), without: { ...filter, time: undefined } },
		kind !== undefined && { what: "Kind", name: kindName(kind), without: { ...filter, kind: undefined } },
		text !== undefined && { what: "Words", name: `“${text}”`, without: { ...filter, text: undefined } },
	];
	return all.filter((chip) => Boolean(chip)) as Chip[];
}

export function timeName(time: Time, zone: string): string {
	if ("last" in time) return lastName[time.last];
	const words = (at: number) => `${date(at, zone)} ${clockTime(at, zone)}`;
	if (time.from === undefined) return time.to === undefined ? "Any" : `Until ${words(time.to)}`;
	return time.to === undefined ? `From ${words(time.from)}` : `${words(time.from)} to ${words(time.to)}`;
}

/** Two step device added, from two_step.device_added. */
export function kindName(kind: string): string {
	const words = kind.replace(/[._]/g, " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}
