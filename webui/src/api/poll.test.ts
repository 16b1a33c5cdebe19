import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { poll } from "./poll";

let hidden = false;

beforeEach(() => {
	vi.useFakeTimers();
	hidden = false;
	vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

test("asks at once and after every pause, until it is stopped", async () => {
	const task = vi.fn(async () => undefined);
	const stop = poll(task, 1000);
	await vi.advanceTimersByTimeAsync(2500);
	expect(task).toHaveBeenCalledTimes(3);
	stop();
	await vi.advanceTimersByTimeAsync(5000);
	expect(task).toHaveBeenCalledTimes(3);
});

test("rests while the page is hidden and asks as soon as it is seen", async () => {
	const task = vi.fn(async () => undefined);
	const stop = poll(task, 1000);
	await vi.advanceTimersByTimeAsync(0);
	hidden = true;
	await vi.advanceTimersByTimeAsync(10_000);
	expect(task).toHaveBeenCalledTimes(1);
	hidden = false;
	document.dispatchEvent(new Event("visibilitychange"));
	await vi.advanceTimersByTimeAsync(0);
	expect(task).toHaveBeenCalledTimes(2);
	stop();
});

test("goes on after a failure, and never asks twice at once", async () => {
	let running = 0;
	let most = 0;
	const task = vi.fn(async () => {
		most = Math.max(most, ++running);
		await new Promise((done) => setTimeout(done, 3000));
		running--;
		throw new Error("no answer");
	});
	const stop = poll(task, 1000);
	document.dispatchEvent(new Event("visibilitychange"));
	await vi.advanceTimersByTimeAsync(9000);
	expect(most).toBe(1);
	expect(task.mock.calls.length).toBeGreaterThan(1);
	stop();
});
