import { expect, test } from "vitest";
import { adviceHere } from "./advice";

const clock = {
	now: "2026-11-21T13:07:26.000Z",
	zone: "Europe/Berlin",
	level: "bad",
	offset_ms: 0,
	message: "",
	trusted: false,
	advice: "Elsewhere.",
} as const;

test("advice is for whoever can mend the clock a step from here", () => {
	expect(adviceHere({ ...clock, state: "suspect", reason: "jump" })).toContain("accept their time");
	expect(adviceHere({ ...clock, state: "unsynced", reason: "jump" })).toBe("Elsewhere.");
});
