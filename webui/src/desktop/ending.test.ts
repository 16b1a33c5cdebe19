import { expect, test } from "vitest";
import type { Me } from "../api/types";
import { session } from "../session/session.svelte";
import { ending } from "./ending";

test("the person is told during the last minute, and not before", () => {
	expect(ending(61)).toBe("no");
	expect(ending(60)).toBe("near");
	expect(ending(0.5)).toBe("near");
	expect(ending(0)).toBe("over");
});

const me: Me = {
	id: "a",
	name: "lena",
	display_name: "",
	email: "",
	role: "user",
	language: "en",
	two_step: false,
	email_confirmed: false,
	ways: [],
	password_min: 15,
	created: "2026-01-01T00:00:00Z",
};

const signedIn = { me, token: "t", nas_name: "nas", must_enrol: false, may_postpone: false, repair: false };

test("the nearer of the two ends counts, and only the idle one can be put off", () => {
	const at = performance.now();
	session.take({ ...signedIn, idle_in: 50, ends_in: 9000, step_up_in: 0 });
	expect(session.left(at).seconds).toBeCloseTo(50, 0);
	expect(session.left(at).extendable).toBe(true);
	session.take({ ...signedIn, idle_in: 1800, ends_in: 40, step_up_in: 0 });
	expect(session.left(at).seconds).toBeCloseTo(40, 0);
	expect(session.left(at).extendable).toBe(false);
	expect(session.left(at + 10_000).seconds).toBeCloseTo(30, 0);
});
