import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import type { CodeSent } from "../api/types";
import { Mailed } from "./mailed.svelte";

const answer = (more: Partial<CodeSent> = {}): CodeSent => ({
	sent: true,
	to: "l•••@e•••.org",
	resend_in: 60,
	expires_in: 600,
	...more,
});

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
	vi.useRealTimers();
});

test("nothing is sent before somebody asks for it", () => {
	const ask = vi.fn();
	const mailed = new Mailed(ask);
	expect(ask).not.toHaveBeenCalled();
	expect(mailed.waiting).toBe(false);
});

test("the next code can be asked for when the countdown is over", async () => {
	const ask = vi.fn(async () => answer());
	const mailed = new Mailed(ask);
	await mailed.send();
	expect(mailed.waiting).toBe(true);
	expect(mailed.left).toBe(60);
	await mailed.send();
	expect(ask).toHaveBeenCalledTimes(1);
	vi.advanceTimersByTime(59_500);
	expect(mailed.left).toBe(1);
	vi.advanceTimersByTime(500);
	expect(mailed.left).toBe(0);
	await mailed.send();
	expect(ask).toHaveBeenCalledTimes(2);
});

test("a code that was sent a moment ago counts still", async () => {
	const mailed = new Mailed(async () => answer({ sent: false, resend_in: 42 }));
	await mailed.send();
	expect(mailed.waiting).toBe(true);
	expect(mailed.left).toBe(42);
});

test("a code that another sign-in got does not", async () => {
	const mailed = new Mailed(async () => answer({ sent: false, resend_in: 42, expires_in: 0 }));
	await mailed.send();
	expect(mailed.waiting).toBe(false);
	expect(mailed.left).toBe(42);
});

test.each(["mail_unavailable", "way_closed"])("%s says that another way is needed", async (code) => {
	const mailed = new Mailed(async () => {
		throw new Problem({ status: 409, code, detail: "A sentence." });
	});
	expect((await mailed.send())?.code).toBe(code);
	expect(mailed.unavailable).toBe("A sentence.");
	expect(mailed.waiting).toBe(false);
	expect(mailed.busy).toBe(false);
});
