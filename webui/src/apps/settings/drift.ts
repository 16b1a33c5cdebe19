import type { ClockState, TimeHistory, TimeJump } from "../../api/types";
import { moved, number, slowOrFast, span } from "../../time/format";
import { local } from "../../time/zoned";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export type Span = "day" | "month";

export const spanLength: Record<Span, number> = { day, month: 30 * day };

export const spanName: Record<Span, string> = { day: "24 h", month: "30 days" };

const spanWords: Record<Span, string> = { day: "the last 24 hours", month: "the last 30 days" };

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
}

/** One line is drawn over at most so many times the usual distance of two points. */
const longestStep = 2;

export function traces({ points, every }: TimeHistory): Traces {
	const found: Traces = { at: [], offset: [], low: [], high: [] };
	let before = Number.NaN;
	for (const point of points) {
		const at = Date.parse(point.at) / second;
		if (at - before > longestStep * every) {
			found.at.push((at + before) / 2);
			for (const line of [found.offset, found.low, found.high]) line.push(null);
		}
		found.at.push(at);
		found.offset.push(point.offset_ms);
		found.low.push(point.offset_ms - point.uncertainty_ms);
		found.high.push(point.offset_ms + point.uncertainty_ms);
		before = at;
	}
	return found;
}

const steps = [
	...[1, 2, 5, 10, 20, 50, 100, 200, 500],
	...[1, 2, 5, 10, 15, 30].map((count) => count * second),
	...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
	...[1, 2, 4, 6, 12].map((count) => count * hour),
	...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000].map((count) => count * day),
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

/** All of the chart in one sentence or two. */
export function summary({ points, jumps }: TimeHistory, over: Span): string {
	const newest = points.at(-1);
	if (!newest) return `Nothing was measured in ${spanWords[over]}.`;
	const worst = points.reduce((one, other) =>
		Math.abs(other.offset_ms) > Math.abs(one.offset_ms) ? other : one,
	);
	const begin = spanWords[over];
	const most = slowOrFast(worst.offset_ms);
	const now = slowOrFast(newest.offset_ms);
	const line =
		most === now
			? `In ${begin} the clock of this NAS was ${now === "in step" ? "in step all the time" : `${now} at most, as it is now`}.`
			: `In ${begin} the clock of this NAS was ${most} at most; at the newest measurement it is ${now}.`;
	// The list of jumps goes further back than a chart of the day.
	const begun = Date.parse(newest.at) - spanLength[over];
	const jumped = jumps.filter((jump) => Date.parse(jump.at) >= begun).length;
	return jumped > 0
		? `${line} ${jumped === 1 ? "There was one jump" : `There were ${number(jumped)} jumps`}.`
		: line;
}

const why: Record<TimeJump["why"], string> = {
	first: "The first answer of the time servers after a start.",
	servers: "The time servers said so.",
	accepted: "An administrator accepted what the servers say.",
	vouched: "The time servers were believed because an administrator signed in without a code of an app.",
	by_hand: "An administrator set it.",
	castellan: "Castellan set it.",
	other: "Something else on the system set it.",
};

/** What a jump was, beside its line in the chart. */
export const jumpLabel = (jump: TimeJump) =>
	jump.what === "trusted" ? `Time moved ${moved(jump.by_ms)}` : `Set ${moved(jump.by_ms)}`;

/** What a jump was, and why. */
export function jumpWords(jump: TimeJump): { title: string; note: string } {
	const what = jump.what === "trusted" ? "Trusted time moved" : "Clock of the NAS set";
	return { title: `${what} ${moved(jump.by_ms)}`, note: why[jump.why] };
}
