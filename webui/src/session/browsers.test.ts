import { expect, test } from "vitest";
import { phone } from "../icons/first";
import { display, laptop } from "../icons/icons";
import { named, pictureOf } from "./browsers";

test.each([
	["Firefox on Linux", "Firefox on Linux", display],
	["Chrome on Android", "Chrome on Android", phone],
	["Safari on macOS", "Safari on macOS", laptop],
	["curl", "Curl", display],
	["unknown", "Unknown browser", display],
])("%s has words and a picture", (browser, words, picture) => {
	expect(named(browser)).toBe(words);
	expect(pictureOf(browser)).toBe(picture);
});
