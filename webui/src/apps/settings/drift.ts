import type { ClockState, TimeHistory, TimeJump, TimePoint } from "../../api/types";
import { clockTime, date, dayOf, moved, number, slowOrFast, span } from "../../time/format";
import { local } from "../../time/zoned";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export type Span = "day" | "month";

export const spanLength: Record<Span, number> = { day, month: 30 * day };

export const spanName: Record<Span, string> = { day: "24 h", month: "30 days" };

const spanWords: Record<Span, string> = { day: "the last 24 hours", month: "the last 30 days" };

/** One line is drawn over at most so many times the usual distance of two points. */
const longestStep = 2;

/** How far points may lie ahead of the clock of this page, which is set by answers on their way. */
const slack = 2 * second;

/** What of a history lies before a moment: where time went back, the rest is of another time. */
export function upTo(now: number, { points, jumps, every }: TimeHistory): TimeHistory {
	const past = ({ at }: { at: string }) => Date.parse(at) <= now + slack;
	return { points: points.filter(past), jumps: jumps.filter(past), every };
}

/** Since the newest point the time or the clock jumped, or nothing was measured for long. */
export function outdated({ points, jumps, every }: TimeHistory, now: number): boolean {
	const at = Date.parse(points.at(-1)?.at ?? "");
	return (
		now - at > longestStep * every * second + minute || jumps.some((jump) => Date.parse(jump.at) > at + slack)
	);
}

export const stateName: Record<ClockState, string> = {
	synced: "In step",
	holdover: "On its own",
	unverified: "Not checked",
	unsynced: "Not known",
	suspect: "Not trusted",
};

/** The lines of the chart: moments in seconds, the rest in milliseconds, with a hole where nothing was measured. */
export interface Traces {
	at: number[];
	offset: (number | null)[];
	low: (number | null)[];
	high: (number | null)[];
	/** The offset from and to points where time servers stood behind the time. */
	checked: (number | null)[];
	/** The rest of it: from, to and between points where none did. */
	alone: (number | null)[];
}

/** No time server stood behind the time. */
const unwatched = (point: TimePoint | undefined) =>
	point?.state === "holdover" || point?.state === "unverified";

export function traces({ points, every }: TimeHistory): Traces {
	const found: Traces = { at: [], offset: [], low: [], high: [], checked: [], alone: [] };
	let before = Number.NaN;
	for (const [place, point] of points.entries()) {
		const at = Date.parse(point.at) / second;
		if (at - before > longestStep * every) {
			found.at.push((at + before) / 2);
			for (const line of [found.offset, found.low, found.high, found.checked, found.alone]) line.push(null);
		}
		found.at.push(at);
		found.offset.push(point.offset_ms);
		found.low.push(point.offset_ms - point.uncertainty_ms);
		found.high.push(point.offset_ms + point.uncertainty_ms);
		found.checked.push(unwatched(point) ? null : point.offset_ms);
		found.alone.push(
			points.slice(Math.max(0, place - 1), place + 2).some(unwatched) ? point.offset_ms : null,
		);
		before = at;
	}
	return found;
}

/** The points from which on no time server stood behind the time, the newest first. */
export const aloneSince = (points: readonly TimePoint[]) =>
	points.filter((point, place) => unwatched(point) && !unwatched(points[place - 1])).reverse();

const steps = [
	...[1, 2, 5, 10, 20, 50, 100, 200, 500],
	...[1, 2, 5, 10, 15, 30].map((count) => count * second),
	...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
	...[1, 2, 4, 6, 12].map((count) => count * hour),
	...[1, 2, 5, 10, 20, 50, 100, 200].map((count) => count * day),
	...[1, 2, 5, 10, 20, 50].map((count) => count * 365 * day),
];

/** The most spaces between the grid lines of a chart. */
const rows = 3;

/**
 * The grid lines of a chart in milliseconds, from the lowest to the highest: zero is among them, and all offsets lie
 * between them. A doubt that is many times as large as what was measured does not press that flat.
 */
export function grid({ offset, low, high }: Traces): number[] {
	const measured = [0, ...offset.filter((value) => value !== null)];
	const doubt = [...low, ...high].filter((value) => value !== null);
	const size = Math.max(2, ...measured.map(Math.abs));
	const least = Math.min(...measured, ...doubt.map((value) => Math.max(value, -3 * size)));
	const most = Math.max(...measured, ...doubt.map((value) => Math.min(value, 3 * size)));
	const step =
		steps.find((one) => Math.ceil(most / one) - Math.floor(least / one) <= rows) ?? steps.at(-1) ?? day;
	const first = Math.floor(least / step);
	const last = Math.max(Math.ceil(most / step), first + 2);
	return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

/** −1 min, beside a grid line. */
export const gridWords = (ms: number) => (ms === 0 ? "0" : `${ms < 0 ? "−" : "+"}${span(ms)}`);

const spaces = [
	...[1, 5, 10, 15, 30].map((count) => count * minute),
	...[1, 2, 4, 6, 12].map((count) => count * hour),
	...[1, 2, 5, 10].map((count) => count * day),
];

/** Round times of a zone between two moments, in milliseconds, so many at most. */
export function ticks(from: number, to: number, zone: string, most: number): number[] {
	const space = spaces.find((one) => (to - from) / one <= most) ?? 10 * day;
	const found: number[] = [];
	const begin = local(from, zone);
	for (let shown = Math.ceil(begin / space) * space; shown <= begin + (to - from); shown += space) {
		const guess = from + (shown - begin);
		// Where clocks are changed on the way, the next round time is an hour off.
		found.push(guess + (shown - local(guess, zone)));
	}
	return found.filter((at) => at >= from && at <= to);
}

/** Since 12:06, Since yesterday 12:06, Since 20 Nov 2026: where all of a span was measured, In the last 24 hours. */
function begins({ points, every }: TimeHistory, over: Span, now: number, zone: string): string {
	const first = Date.parse(points[0]?.at ?? "");
	if (!(first > now - spanLength[over] + longestStep * every * second)) return `In ${spanWords[over]}`;
	if (dayOf(first, zone) === dayOf(now, zone)) return `Since ${clockTime(first, zone)}`;
	if (dayOf(first, zone) === dayOf(now - day, zone)) return `Since yesterday ${clockTime(first, zone)}`;
	return `Since ${date(first, zone)}`;
}

/** All of the chart in one sentence or two. */
export function summary(history: TimeHistory, over: Span, now: number, zone: string): string {
	const { points, jumps } = history;
	const newest = points.at(-1);
	if (!newest) return `Nothing was measured in ${spanWords[over]}.`;
	const worst = points.reduce((one, other) =>
		Math.abs(other.offset_ms) > Math.abs(one.offset_ms) ? other : one,
	);
	const begin = begins(history, over, now, zone);
	const most = slowOrFast(worst.offset_ms);
	const newly = slowOrFast(newest.offset_ms);
	const line =
		most === newly
			? `${begin} the clock of this NAS was ${newly === "in step" ? "in step all the time" : `${newly} at most, also at the newest measurement`}.`
			: `${begin} the clock of this NAS was ${most} at most; at the newest measurement it was ${newly}.`;
	// The list of jumps goes further back than a chart of the day.
	const begun = now - spanLength[over];
	const jumped = jumps.filter((jump) => Date.parse(jump.at) >= begun).length;
	return jumped > 0
		? `${line} ${jumped === 1 ? "There was one jump" : `There were ${number(jumped)} jumps`}.`
		: line;
}

const why: Record<string, string> = {
	servers: "The time servers said so.",
	accepted: "An administrator accepted what the servers say.",
	vouched: "The time servers were believed because an administrator signed in without an app code.",
	by_hand: "An administrator set it.",
	castellan: "Castellan set it.",
	other: "Something else on the system set it.",
};

/** What a jump was, beside its line in the chart. */
export const jumpLabel = (jump: TimeJump) =>
	jump.what === "trusted" && jump.why === "first"
		? `First network time: ${moved(jump.by_ms)}`
		: jump.what === "trusted"
			? `Time moved ${moved(jump.by_ms)}`
			: `Set ${moved(jump.by_ms)}`;

/** The same where there is little room. */
export const jumpShort = (jump: TimeJump) => `${jump.by_ms < 0 ? "−" : "+"}${span(jump.by_ms)}`;

/** What a jump was, and why. */
export function jumpWords(jump: TimeJump): { title: string; note: string } {
	// Before the first answer the NAS goes by its own clock, so that was what was off.
	if (jump.what === "trusted" && jump.why === "first")
		return {
			title: "First network time after a start",
			note: `The NAS’s clock was ${slowOrFast(-jump.by_ms)}.`,
		};
	const what = jump.what === "trusted" ? "Trusted time moved" : "Clock of the NAS set";
	return { title: `${what} ${moved(jump.by_ms)}`, note: why[jump.why] ?? "" };
}
