import { beforeEach, expect, test } from "vitest";
import type { Session } from "../api/types";
import { session } from "./session.svelte";

const answer = (reset_at?: string) =>
	({ me: { name: "ines", role: "user" }, idle_in: 1, ends_in: 1, reset_at }) as Session;
const reset = "2026-11-22T14:03:00Z";

beforeEach(() => session.forget());

test("whoever signed in after a reset is told of it once", () => {
	session.take(answer());
	expect(session.resetAt).toBe("");
	session.take(answer(reset));
	expect(session.resetAt).toBe(reset);
	session.heard();
	expect(session.resetAt).toBe("");
	session.take(answer(reset));
	expect(session.resetAt).toBe("");
});

test("the next person at the same browser is told, too", () => {
	session.take(answer(reset));
	session.heard();
	session.forget();
	session.take(answer(reset));
	expect(session.resetAt).toBe(reset);
});

test("who had to set up a way in after a press is shown what was lost, also once it is mended", () => {
	session.take({ ...answer(), must_enrol: true, repair: true });
	session.take({ ...answer(), must_enrol: false, repair: false });
	expect(session.mending).toBe(true);
	session.forget();
	expect(session.mending).toBe(false);
});

test("a policy that wants 2-step verification tells of nothing lost", () => {
	session.take({ ...answer(), must_enrol: true, repair: false });
	expect(session.mending).toBe(false);
});
