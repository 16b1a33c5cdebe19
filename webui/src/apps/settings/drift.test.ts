import { describe, expect, test } from "vitest";
import type { TimeHistory } from "../../api/types";
import {
	aloneSince,
	grid,
	gridWords,
	jumpLabel,
	jumpWords,
	outdated,
	type Span,
	summary as summarise,
	ticks,
	traces,
	upTo,
} from "./drift";

const start = Date.parse("2026-11-21T10:00:00Z");
const minute = 60_000;
const hour = 60 * minute;
/** Numbers and their units stay on one line; here they are compared as they read. */
const read = (words: string) => words.replaceAll("\u00a0", " ");

const point = (after: number, offset_ms: number, uncertainty_ms = 10) => ({
	at: new Date(start + after).toISOString(),
	offset_ms,
	uncertainty_ms,
	state: "synced" as const,
});

const history = (...points: TimeHistory["points"]): TimeHistory => ({ points, every: 300, jumps: [] });

/** At ten minutes after the start, where nothing else is said; this browser’s English may have mornings. */
const summary = (of: TimeHistory, over: Span, now = start + 10 * minute) =>
	read(summarise(of, over, now, "UTC")).replace(/\s[AP]M/, "");

test("where nothing was measured the line has a hole, and no straight line", () => {
	const lines = traces(history(point(0, 1), point(5 * minute, 2), point(60 * minute, 3)));
	expect(lines.offset).toEqual([1, 2, null, 3]);
	expect(lines.low).toEqual([-9, -8, null, -7]);
	expect(lines.high).toEqual([11, 12, null, 13]);
	expect(lines.at).toHaveLength(4);
	expect([...lines.at].sort((one, other) => one - other)).toEqual(lines.at);
});

test("what was drawn with no time server behind it begins where one was last reached", () => {
	const alone = { state: "holdover" as const };
	const points = [
		point(0, 0),
		{ ...point(5 * minute, 1), ...alone },
		{ ...point(10 * minute, 2), ...alone },
		point(15 * minute, 0),
		point(20 * minute, 0),
	];
	const lines = traces(history(...points));
	expect(lines.checked).toEqual([0, null, null, 0, 0]);
	expect(lines.alone).toEqual([0, 1, 2, 0, null]);
	expect(aloneSince(points)).toEqual([points[1]]);
});

test("what lies after now is of another time", () => {
	const later = { at: point(2 * hour, 0).at, what: "trusted", by_ms: 1, why: "accepted" } as const;
	const before = history(point(0, 1), point(2 * hour, 2));
	expect(upTo(start + minute, { ...before, jumps: [later] })).toEqual(history(point(0, 1)));
	expect(outdated(before, start + 2 * hour)).toBe(false);
	expect(outdated(before, start + 3 * hour)).toBe(true);
	expect(
		outdated({ ...history(point(0, 1)), jumps: [{ ...later, at: point(minute, 0).at }] }, start + minute),
	).toBe(true);
});

describe("the grid", () => {
	test.each([
		[[0], 2],
		[[3], 5],
		[[-192_000], 4 * minute],
		[[-3, 5000], 6000],
		[[-365 * 24 * hour], 400 * 24 * hour],
	])("holds zero and all of %j, in a few round steps", (offsets, reach) => {
		const rows = grid(traces(history(...offsets.map((offset, place) => point(place * minute, offset, 0)))));
		expect(rows).toContain(0);
		expect(rows.length).toBeGreaterThan(2);
		expect(rows.length).toBeLessThan(6);
		expect(Math.min(...rows)).toBeLessThanOrEqual(Math.min(...offsets));
		expect(Math.max(...rows)).toBeGreaterThanOrEqual(Math.max(...offsets));
		expect(Math.max(...rows.map(Math.abs))).toBeLessThanOrEqual(reach);
	});

	test("is not pressed flat by a doubt that is large", () => {
		expect(Math.max(...grid(traces(history(point(0, 5, 60_000)))))).toBeLessThanOrEqual(20);
	});

	test("is said with signs", () => {
		expect([0, -60_000, 5].map(gridWords).map(read)).toEqual(["0", "−1 min", "+5 ms"]);
	});
});

test("the ticks are round in the zone of the NAS, also over a change of the clocks", () => {
	expect(ticks(start, start + 4 * hour, "Asia/Kathmandu", 5).map((at) => new Date(at).toISOString())).toEqual(
		[
			"2026-11-21T10:15:00.000Z",
			"2026-11-21T11:15:00.000Z",
			"2026-11-21T12:15:00.000Z",
			"2026-11-21T13:15:00.000Z",
		],
	);
	const from = Date.parse("2026-10-24T20:00:00Z");
	const clock = new Intl.DateTimeFormat("en-GB", {
		timeZone: "Europe/Berlin",
		hour: "2-digit",
		minute: "2-digit",
	});
	expect(ticks(from, from + 24 * hour, "Europe/Berlin", 7).map((at) => clock.format(at))).toEqual([
		"00:00",
		"04:00",
		"08:00",
		"12:00",
		"16:00",
		"20:00",
	]);
});

describe("one sentence says all", () => {
	test("with the worst and the newest", () => {
		expect(summary(history(point(0, -192_000), point(5 * minute, 3)), "day")).toBe(
			"Since 10:00 the clock of this NAS was 3 min 12 s slow at most; at the newest measurement it was 3 ms fast.",
		);
	});

	test("once where they are the same", () => {
		expect(summary(history(point(0, 3)), "month")).toBe(
			"Since 10:00 the clock of this NAS was 3 ms fast at most, also at the newest measurement.",
		);
		expect(summary(history(point(0, 0)), "day")).toBe(
			"Since 10:00 the clock of this NAS was in step all the time.",
		);
	});

	test("with when it begins", () => {
		const young = history(point(0, 3));
		expect(summary(young, "day", start + 20 * hour)).toMatch(/^Since yesterday 10:00 the/);
		expect(summary(young, "day", start + 24 * hour)).toMatch(/^In the last 24 hours the/);
		expect(summary(young, "month", start + 24 * 5 * hour)).toMatch(/^Since (21 Nov|Nov 21,) 2026 the/);
	});

	test("with its jumps", () => {
		const jump = { at: point(0, 0).at, what: "system", by_ms: 192_000, why: "castellan" } as const;
		expect(summary({ ...history(point(0, 3)), jumps: [jump] }, "day")).toMatch(/There was one jump\.$/);
		const long = { ...jump, at: point(-25 * hour, 0).at };
		expect(summary({ ...history(point(0, 3)), jumps: [long, long] }, "day")).not.toMatch(/jump/);
		expect(summary({ ...history(point(0, 3)), jumps: [long, long] }, "month")).toMatch(/2 jumps\.$/);
		const { title, note } = jumpWords(jump);
		expect([title, note].map(read)).toEqual(["Clock of the NAS set forward 3 min 12 s", "Castellan set it."]);
		expect(read(jumpLabel({ ...jump, what: "trusted", by_ms: -7_200_000 }))).toBe("Time moved back 2 h");
		const first = jumpWords({ ...jump, what: "trusted", why: "first" });
		expect([first.title, first.note].map(read)).toEqual([
			"First network time after a start",
			"The NAS’s clock was 3 min 12 s slow.",
		]);
		expect(jumpWords({ ...jump, why: "of tomorrow" as "other" }).note).toBe("");
	});

	test("also that there is nothing", () => {
		expect(summary(history(), "day")).toBe("Nothing was measured in the last 24 hours.");
	});
});
