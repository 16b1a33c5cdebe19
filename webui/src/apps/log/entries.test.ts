import { describe, expect, test } from "vitest";
import type { ClockState, Event } from "../../api/types";
import { asText, joined, lines } from "./entries.svelte";

function entry(id: string, time: string, clock_state: ClockState = "synced"): Event {
	return { id, time, clock_state, kind: "k", area: "clock", level: "info", message: "m", details: [] };
}

describe("between entries", () => {
	const events = [
		entry("4", "2026-11-21T23:30:00Z"),
		entry("3", "2026-11-21T22:30:00Z"),
		entry("2", "2026-11-21T20:00:00Z", "unsynced"),
		entry("1", "2000-01-01T00:00:00Z", "unsynced"),
	];

	test("a day begins where the NAS says so", () => {
		expect(lines(events, "Europe/Berlin").map((line) => line.newDay)).toEqual([true, true, false, true]);
		expect(lines(events, "UTC").map((line) => line.newDay)).toEqual([true, false, false, true]);
	});

	test("a line is drawn where the clock became trusted", () => {
		expect(lines(events, "UTC").map((line) => line.clockSet)).toEqual([false, true, false, false]);
	});
});

describe("following", () => {
	const known = [entry("3", ""), entry("2", ""), entry("1", "")];

	test("puts new entries over the known ones", () => {
		const page = [entry("5", ""), entry("4", ""), entry("3", "")];
		expect(joined(page, known)?.map((one) => one.id)).toEqual(["5", "4", "3", "2", "1"]);
	});

	test("starts over when there may be a gap", () => {
		expect(joined([entry("9", ""), entry("8", "")], known)).toBeUndefined();
	});
});

test("a copied entry says everything", () => {
	const event = {
		...entry("7", "2026-11-21T13:02:11Z"),
		actor: "lena",
		address: "192.168.1.5",
		details: [{ name: "Tries", value: "5" }],
	};
	expect(asText(event)).toBe(
		"2026-11-21T13:02:11Z  Info  Clock  lena  192.168.1.5\nm\nTries: 5\nClock: synced",
	);
});
