import { phone } from "../icons/first";
import { display, laptop } from "../icons/icons";
import type { Shape } from "../icons/shape";

/** The picture that goes with the words of the NAS for a browser. */
export function pictureOf(browser: string): Shape {
	if (/Android|iPhone|iPad/.test(browser)) return phone;
	return /Windows|macOS|ChromeOS/.test(browser) ? laptop : display;
}

/** Words that begin a line. */
export const begun = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** The words of the NAS for a browser, to begin a line with. */
export const named = (browser: string) => (browser === "unknown" ? "Unknown browser" : begun(browser));
