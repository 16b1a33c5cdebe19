import { expect, test } from "vitest";
import { browserName } from "./browser";
import { outcome } from "./held.svelte";

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
