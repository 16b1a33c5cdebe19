import { describe, expect, test } from "vitest";
import { fieldOf, instant } from "../../time/zoned";
import { chips, kindName, midnight, queryOf } from "./filter";

const at = Date.parse("2026-11-21T23:30:00Z");

describe("times of a zone", () => {
	test.each([
		["UTC", "2026-11-21T00:00:00.000Z"],
		["Europe/Berlin", "2026-11-21T23:00:00.000Z"],
		["America/New_York", "2026-11-21T05:00:00.000Z"],
		["Asia/Kathmandu", "2026-11-21T18:15:00.000Z"],
	])("today begins at midnight in %s", (zone, begin) => {
		expect(new Date(midnight(at, zone)).toISOString()).toBe(begin);
	});

	test("also on days when the clocks are changed", () => {
		for (const day of ["2026-03-29T12:00:00Z", "2026-10-25T12:00:00Z"]) {
			const begin = midnight(Date.parse(day), "Europe/Berlin");
			expect(fieldOf(begin, "Europe/Berlin")).toBe(`${day.slice(0, 10)}T00:00`);
		}
	});

	test("what a field shows is what it means", () => {
		for (const zone of ["UTC", "Europe/Berlin", "Pacific/Auckland"])
			expect(instant(fieldOf(at, zone), zone)).toBe(at);
		expect(instant("", "UTC")).toBeUndefined();
		expect(instant("soon", "UTC")).toBeUndefined();
	});
});

test("a filter becomes a query", () => {
	expect(queryOf({ who: "ines", time: { last: "hour" } }, at, "UTC")).toEqual({
		who: "ines",
		from: "2026-11-21T22:30:00.000Z",
		to: undefined,
	});
	expect(queryOf({ area: "mail", time: { to: at } }, at, "UTC")).toEqual({
		area: "mail",
		from: undefined,
		to: "2026-11-21T23:30:00.000Z",
	});
});

test("each part of a filter is a chip that takes it away", () => {
	const all = {
		area: "mail" as const,
		outcome: "failed" as const,
		who: "ines",
		time: { last: "today" as const },
		text: "x",
	};
	const made = chips(all, "UTC");
	expect(made.map((chip) => chip.name)).toEqual(["Failed", "ines", "Today", "“x”"]);
	expect(made[1]?.without).toEqual({ ...all, who: undefined });
	expect(chips({ area: "mail" }, "UTC")).toEqual([]);
	expect(kindName("two_step.device_added")).toBe("Two step device added");
});
