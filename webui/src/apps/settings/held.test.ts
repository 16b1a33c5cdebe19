import { expect, test } from "vitest";
import { browserName } from "./browser";
import { feedbackWords, keyWarning, lastWords, learnable, outcome, testWords } from "./held.svelte";

const gesture = { short_from_ms: 50, short_until_ms: 2000, reset_from_ms: 5000, reset_until_ms: 10_000 };

test.each([
	[20, "nothing"],
	[50, "presence"],
	[1999, "presence"],
	[2000, "nothing"],
	[4999, "nothing"],
	[5000, "reset"],
	[9999, "reset"],
	[10_000, "cancelled"],
])("after %d ms a release means: %s", (held, what) => {
	expect(outcome(held, gesture)).toBe(what);
});

const at = "2026-11-22T14:00:00Z";

test.each([
	[{ outcome: "presence" }, "presence confirmed"],
	[{ outcome: "reset" }, "the administrator’s defaults were restored"],
	[
		{ outcome: "nothing", idle: "test", means: "reset" },
		"in a test; it would have restored the administrator’s defaults",
	],
	[
		{ outcome: "nothing", idle: "disabled", means: "presence" },
		"while the button was turned off; it would have confirmed presence, for whoever waits for it",
	],
	[
		{ outcome: "nothing", idle: "rest", means: "reset" },
		"too soon after the last reset; it would have restored the administrator’s defaults",
	],
] as const)("the last press is told: %o", (last, words) => {
	expect(lastWords({ at, held_ms: 6000, ...last })).toBe(words);
});

test("a test tells what would have come of a press", () => {
	expect(testWords("reset")).toBe("This would have restored the administrator’s defaults.");
	expect(testWords("cancelled")).toContain("held too long");
	expect(testWords("reset", false)).toBe(
		"The button is turned off, so this would do nothing; turned on, it would have restored the administrator’s defaults.",
	);
});

test("by what the box answers is named as far as there is anything", () => {
	expect(feedbackWords({})).toBe("");
	expect(feedbackWords({ light: "status", warning: "status" })).toBe("It answers by the light status.");
	expect(feedbackWords({ light: "green", warning: "amber", beeper: "pwm-beeper" })).toBe(
		"It answers by the lights green and amber, and by a beeper.",
	);
});

const heard = { device: "gpio-keys", key: 133, name: "KEY_COPY", presses: 3, pressed: false, held_ms: 200 };

test("a key becomes the button after three presses, and when it is up", () => {
	expect(learnable(heard)).toBe(true);
	expect(learnable({ ...heard, presses: 2 })).toBe(false);
	expect(learnable({ ...heard, pressed: true })).toBe(false);
});

test("a key that other things listen to is marked", () => {
	expect(keyWarning(heard)).toBe("");
	expect(keyWarning({ ...heard, key: 116 })).toContain("power key");
});

test.each([
	["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
	[
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML) Version/19.0 Safari/605.1",
		"Safari on macOS",
	],
	[
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1",
		"Safari on iOS",
	],
	[
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36",
		"Chrome on Android",
	],
	[
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0",
		"Edge on Windows",
	],
	["something else", "Browser"],
])("a browser is named in plain words: %s", (agent, name) => {
	expect(browserName(agent)).toBe(name);
});
