import { expect, test } from "vitest";
import { NetworkClock } from "./clock.svelte";

const state = {
	now: "2026-11-21T13:07:26.000Z",
	zone: "Europe/Berlin",
	state: "synced",
	level: "ok",
	offset_ms: 0,
	message: "",
	reason: "in_step",
	trusted: true,
	advice: "",
} as const;

test("an answer is as old as half its round trip", () => {
	const clock = new NetworkClock();
	const received = performance.now();
	clock.set(state, received - 200, received);
	const late = clock.read() - Date.parse(state.now) - (performance.now() - received);
	expect(late).toBeCloseTo(100, 0);
	expect(clock.zone).toBe("Europe/Berlin");
});
