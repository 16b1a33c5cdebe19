import { expect, test } from "vitest";
import { fieldOf, instant, instants } from "./zoned";

const zone = "Europe/Berlin";
const utc = (text: string) => Date.parse(`${text}Z`);

test("a time of day in a zone is one moment", () => {
	expect(instant("2026-11-21T14:07", zone)).toBe(utc("2026-11-21T13:07:00"));
	expect(instants("2026-11-21T14:07:26", zone)).toEqual([utc("2026-11-21T13:07:26")]);
	expect(instants("2026-07-21T14:07:26", zone)).toEqual([utc("2026-07-21T12:07:26")]);
});

test("an hour that clocks leap over has no moment", () => {
	expect(instants("2026-03-29T02:30:00", zone)).toEqual([]);
	expect(instants("2026-03-29T03:00:00", zone)).toEqual([utc("2026-03-29T01:00:00")]);
});

test("an hour that clocks go through twice has two moments", () => {
	expect(instants("2026-10-25T02:30:00", zone)).toEqual([
		utc("2026-10-25T00:30:00"),
		utc("2026-10-25T01:30:00"),
	]);
});

test.each(["", "2026-02-30T10:00:00x", "yesterday", "2026-13-01T10:00:00"])("%j is no time", (text) => {
	expect(instants(text, zone)).toEqual([]);
	expect(instant(text, zone)).toBeUndefined();
});

test("a field holds what a clock in the zone shows", () => {
	expect(fieldOf(utc("2026-11-21T13:07:26"), zone)).toBe("2026-11-21T14:07");
	expect(fieldOf(utc("2026-11-21T13:07:26"), zone, "seconds")).toBe("2026-11-21T14:07:26");
	expect(fieldOf(undefined, zone)).toBe("");
});
