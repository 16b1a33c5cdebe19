import { afterEach, describe, expect, test, vi } from "vitest";
import { api } from "../../api/client";
import type { ClockState, Event, EventPage } from "../../api/types";
import { asText, Entries, lines } from "./entries.svelte";

function entry(id: string, time: string, clock_state: ClockState = "synced"): Event {
	return {
		id,
		time,
		clock_state,
		kind: "k",
		area: "clock",
		level: "info",
		outcome: "done",
		message: "m",
		details: [],
	};
}

afterEach(() => vi.restoreAllMocks());

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

describe("reading", () => {
	const answers = (...pages: Partial<EventPage>[]) =>
		vi
			.spyOn(api, "get")
			.mockImplementation(
				async () => ({ events: [], kept: 9, newest: "9", behind: false, ...pages.shift() }) as never,
			);
	const query = (call: number) => vi.mocked(api.get).mock.calls[call]?.[1]?.query as Record<string, unknown>;
	const ids = (entries: Entries) => entries.events?.map((one) => one.id);

	test("a search goes on by itself until it has seen all", async () => {
		answers({ next: "8", searched_to: "" }, { events: [entry("5", "")], next: "4", searched_to: "" }, {});
		const entries = new Entries();
		await entries.start({ text: "needle" });
		expect(ids(entries)).toEqual(["5"]);
		expect([query(0).before, query(1).before, query(2).before]).toEqual(["", "8", "4"]);
		expect(entries.more).toBe(false);
	});

	test("two looks at a time show a new entry once", async () => {
		answers(
			{ events: [entry("9", "")] },
			{ events: [entry("10", "")], newest: "10" },
			{ events: [entry("10", "")], newest: "10" },
		);
		const entries = new Entries();
		await entries.start();
		await Promise.all([entries.renew(), entries.renew()]);
		expect(ids(entries)).toEqual(["10", "9"]);
	});

	test("new entries come over the known ones, with the same filter", async () => {
		answers(
			{ events: [entry("9", "")] },
			{ events: [entry("10", "")], newest: "10", behind: true },
			{ newest: "12" },
			{},
		);
		const entries = new Entries();
		await entries.start({ who: "ines" });
		await entries.renew();
		await entries.renew();
		expect(ids(entries)).toEqual(["10", "9"]);
		expect([query(1).after, query(2).after, query(3).after]).toEqual(["9", "10", "12"]);
		expect(query(3).who).toBe("ines");
	});

	test("a cleared log is read anew", async () => {
		answers(
			{ events: [entry("9", "")] },
			{ events: [entry("10", "")], kept: 1, newest: "10" },
			{ events: [entry("10", "")], kept: 1 },
		);
		const entries = new Entries();
		await entries.start();
		await entries.renew();
		expect(ids(entries)).toEqual(["10"]);
	});

	test("an answer to an older question is dropped", async () => {
		let first: (page: EventPage) => void = () => undefined;
		const get = answers({ events: [entry("3", "")] });
		get.mockImplementationOnce(() => new Promise((done) => (first = done)) as never);
		const entries = new Entries();
		const slow = entries.start({ text: "a" });
		await entries.start({ text: "ab" });
		first({ events: [entry("1", "")], kept: 9, newest: "9", behind: false });
		await slow;
		expect(ids(entries)).toEqual(["3"]);
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
