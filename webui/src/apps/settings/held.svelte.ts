import type { Button, Feedback, Gesture, HeardKey, LastPress, Outcome } from "../../api/types";
import { clock } from "../../time/clock.svelte";

/** How long the button has been held by now, also between two answers of the NAS. */
export function heldMs(button: Button, received: number): number {
	if (button.state !== "pressed") return 0;
	// Reading the fine clock renews the value while it is shown.
	return clock.fine > 0 ? button.held_ms + performance.now() - received : 0;
}

/** What happens when the button is released after this time. */
export function outcome(held: number, gesture: Gesture): Outcome {
	if (held >= gesture.reset_until_ms) return "cancelled";
	if (held >= gesture.reset_from_ms) return "reset";
	return held >= gesture.short_from_ms && held < gesture.short_until_ms ? "presence" : "nothing";
}

export const releaseWords: Record<Outcome, string> = {
	presence: "confirm presence",
	nothing: "nothing happens",
	reset: "restore the administrator’s defaults",
	cancelled: "nothing happens, the reset is cancelled",
};

const did: Record<Outcome, string> = {
	presence: "presence confirmed",
	nothing: "nothing happened",
	reset: "the administrator’s defaults were restored",
	cancelled: "held too long, nothing happened",
};

const would: Record<Outcome, string> = {
	presence: "have confirmed presence, for whoever waits for it",
	nothing: "have done nothing",
	reset: "have restored the administrator’s defaults",
	cancelled: "have done nothing: it was held too long, which cancels the reset",
};

const why: Record<NonNullable<LastPress["idle"]>, string> = {
	test: "in a test",
	disabled: "while the button was turned off",
	rest: "too soon after the last reset",
};

/** What the last press did, and what it would have done where something kept it from that. */
export function lastWords(last: LastPress): string {
	if (!last.idle || !last.means) return did[last.outcome];
	return `${why[last.idle]}; it would ${would[last.means]}`;
}

/** What a press in a test would have done, as a sentence. */
export const testWords = (means: Outcome, enabled = true) =>
	enabled
		? `This would ${would[means]}.`
		: `The button is turned off, so this would do nothing; turned on, it would ${would[means]}.`;

/** By what the box answers the finger, as a sentence; empty: by nothing. */
export function feedbackWords({ light, warning, beeper }: Feedback): string {
	const lights = [light, warning && warning !== light ? warning : ""].filter(Boolean);
	const by = [
		lights.length > 0 ? `the ${lights.length > 1 ? "lights" : "light"} ${lights.join(" and ")}` : "",
		beeper ? "a beeper" : "",
	].filter(Boolean);
	return by.length > 0 ? `It answers by ${by.join(", and by ")}.` : "";
}

/** How often a key is pressed before it may become the button: a finger does it on purpose, a cable that shakes does not. */
export const lessonPresses = 3;

/** The key was shown on purpose and is up again. */
export const learnable = (key: HeardKey) => key.presses >= lessonPresses && !key.pressed;

/** Keys that other things listen to, with what would come of binding a reset to them (input-event-codes.h). */
const taken: Record<number, string> = {
	116: "This is the power key. Many boxes turn themselves off when it is held for some seconds, before a reset.",
	142: "This is the sleep key. Other programs may act on it as well.",
};

/** What speaks against a key; empty: nothing that is known. */
export const keyWarning = (key: HeardKey) => taken[key.key] ?? "";
