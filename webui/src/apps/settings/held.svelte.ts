import type { Button, Gesture, Outcome } from "../../api/types";
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

export const lastWords: Record<Outcome, string> = {
	presence: "presence confirmed",
	nothing: "nothing happened",
	reset: "the administrator’s defaults were restored",
	cancelled: "held too long, nothing happened",
};
