import { describe, expect, test, vi } from "vitest";

vi.spyOn(navigator, "languages", "get").mockReturnValue(["de-DE", "en-GB"]);
const {
	ago,
	city,
	countdown,
	factFirst,
	known,
	moment,
	moved,
	offset,
	pickLocale,
	roughOffset,
	seconds,
	signed,
	slowOrFast,
	span,
} = await import("./format");

const minute = 60_000;
/** Numbers and their units stay on one line; here they are compared as they read. */
const read = (words: string) => words.replaceAll("\u00a0", " ");
const now = Date.UTC(2026, 10, 21, 13, 7, 26);
const zone = "Europe/Berlin";

describe("an offset", () => {
	test.each([
		[3, "+3 ms"],
		[-3, "−3 ms"],
		[-1500, "−1.5 s"],
		[-192_000, "3 min 12 s slow"],
		[192_000, "3 min 12 s fast"],
		[-60_000, "1 min slow"],
		[-59_990, "1 min slow"],
		[2 * 3_600_000 + 5 * minute, "2 h 5 min fast"],
		[-20 * 365 * 24 * 60 * minute, "20 years slow"],
	])("of %d ms is %j", (ms, words) => {
		expect(read(offset(ms))).toBe(words);
	});

	test.each([
		[-192_000, "3 min slow"],
		[1500, "2 s fast"],
		[-7_200_000, "2 h slow"],
		[-59_700, "1 min slow"],
		[-3_599_000, "1 h slow"],
	])("of %d ms is %j in the task bar", (ms, words) => {
		expect(read(roughOffset(ms))).toBe(words);
	});

	test.each([
		[0.3, "in step"],
		[3, "3 ms fast"],
		[-1500, "1.5 s slow"],
	])("of %d ms is %j in words", (ms, words) => {
		expect(read(slowOrFast(ms))).toBe(words);
	});

	test("that is gone over is said with its direction", () => {
		expect(read(moved(7_200_000))).toBe("forward 2 h");
		expect(read(moved(-192_000))).toBe("back 3 min 12 s");
	});

	test("keeps its sign in columns", () => {
		expect(read(signed(2.84))).toBe("+2.8 ms");
		expect(read(signed(-0.04))).toBe("0.0 ms");
		expect(read(signed(-192_400))).toBe("−3 min 12 s");
	});
});

test("the fact of a message is its first sentence", () => {
	expect(factFirst("It is late. Go home. Sleep.")).toEqual(["It is late.", "Go home. Sleep."]);
	expect(factFirst("It is 1.5 s late.")).toEqual(["It is 1.5 s late.", ""]);
});

test("whole seconds are said without decimals", () => {
	expect([0, 4, 59, 65].map(seconds).map(read)).toEqual(["0 s", "4 s", "59 s", "1 min 5 s"]);
});

test("a span never says 60 seconds beside a minute", () => {
	expect(read(span(119_700))).toBe("2 min");
	expect(read(span(40_000))).toBe("40 s");
});

test("a long span is said in years", () => {
	const days = (count: number) => read(span(count * 24 * 60 * minute));
	expect([365, 729, 730, 915, 4000].map(days)).toEqual([
		"365 days",
		"729 days",
		"2 years",
		"2.5 years",
		"11 years",
	]);
	expect(span(192_000)).not.toContain(" ");
});

describe("a moment", () => {
	test.each([
		[500, "just now"],
		[26_000, "26 s ago"],
		[4 * minute, "4 min ago"],
		[3 * 60 * minute, "at 11:07"],
		[25 * 60 * minute, "yesterday 13:07"],
	])("%d ms back is %j", (back, words) => {
		expect(ago(now - back, now, zone)).toBe(words);
	});

	test("that seems to lie ahead is just now", () => {
		expect(ago(now + 5000, now, zone)).toBe("just now");
	});

	test("is told in the zone of the NAS", () => {
		const evening = Date.UTC(2026, 10, 20, 23, 30);
		expect(moment(evening, now, "Europe/Berlin")).toBe("Today 00:30");
		expect(moment(evening, now, "UTC")).toBe("Yesterday 23:30");
	});
});

test("a zone this browser does not know becomes UTC", () => {
	expect(known("Mars/Olympus")).toBe("UTC");
	expect(known("Europe/Berlin")).toBe("Europe/Berlin");
});

test("a zone is called by its city", () => {
	expect(city("America/New_York")).toBe("New York");
	expect(city("UTC")).toBe("UTC");
});

test("a countdown rounds up, so that it ends at nothing left", () => {
	expect(countdown(101.2)).toBe("1:42");
	expect(countdown(0)).toBe("0:00");
	expect(countdown(-3)).toBe("0:00");
});

test("dates follow the person's own English", () => {
	expect(pickLocale(["de-DE", "en-US"])).toBe("en-US");
	expect(pickLocale(["de-DE"])).toBe("en-GB");
});
