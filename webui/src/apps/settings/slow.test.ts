import { expect, test } from "vitest";
import type { SlowDown } from "../../api/types";
import { slowWords } from "./slow";

const slow = (more: Partial<SlowDown>): SlowDown => ({
	id: "a",
	rule: "password",
	tries: 7,
	left: 0,
	closed: false,
	...more,
});

test("a row says who, why and for how long", () => {
	expect(slowWords(slow({ account: "ines", source: "192.0.2.9" }), 12)).toMatchObject({
		title: "ines",
		note: "7 wrong passwords from 192.0.2.9. Next try in 12 s.",
	});
	expect(slowWords(slow({ rule: "source", source: "192.0.2.9" }), 840)).toMatchObject({
		title: "192.0.2.9",
		note: "Too many wrong passwords for different names. Sign-in pauses. For another 14\u00a0min.",
	});
	expect(slowWords(slow({ rule: "code", account: "ines", tries: 1 }), 0).note).toBe(
		"1 wrong code in a row. Another try is possible now.",
	);
	expect(slowWords(slow({ rule: "account", account: "ines", tries: 100, closed: true }), 0).note).toBe(
		"100 wrong passwords in a row. Only browsers it knows may sign in.",
	);
	// The owner of the token is not slowed down, and not said to be.
	expect(slowWords(slow({ rule: "code", account: "ines", token: "attic", tries: 3 }), 0).title).toBe(
		"API token “attic” of ines",
	);
	expect(slowWords(slow({ rule: "crowd" }), 60).title).toBe("All unknown browsers");
});

test("what a stranger typed as a name is not shown, for it is not told", () => {
	expect(slowWords(slow({ source: "192.0.2.9" }), 0).title).toBe("A name that no account has");
});
