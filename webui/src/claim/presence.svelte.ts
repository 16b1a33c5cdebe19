import { api } from "../api/client";
import { poll } from "../api/poll";
import { asProblem } from "../api/problem";

export type PresenceState = "starting" | "waiting" | "confirmed" | "dropped" | "lapsed" | "refused";

/** Waits for a short press of the button, for as long as the page is looked at. */
export class Presence {
	state = $state<PresenceState>("starting");
	/** Why the wait did not begin. */
	reason = $state("");
	#stop: (() => void) | undefined;

	/**
	 * Goes on with the wait that this browser began before the page was loaded again: a second wait beside it would
	 * count as a second browser, and the press would drop both.
	 */
	resume() {
		this.#go("waiting");
	}

	/** Begins a wait, or a new one after the last was dropped or lapsed. */
	async begin() {
		this.end();
		this.state = "starting";
		try {
			this.#go((await api.post("/claim/button", undefined, { quiet: true })).state);
		} catch (thrown) {
			this.reason = asProblem(thrown).message;
			this.state = "refused";
		}
	}

	#go(state: "waiting" | "confirmed" | "dropped") {
		this.end();
		this.#stop = poll(() => this.#look(), 1000);
		this.#take(state);
	}

	end() {
		this.#stop?.();
		this.#stop = undefined;
	}

	async #look() {
		try {
			this.#take((await api.get("/claim/button", { quiet: true })).state);
		} catch (thrown) {
			const problem = asProblem(thrown);
			// Out of contact the question is simply asked again.
			if (problem.code === "no_contact") return;
			this.state = "lapsed";
			this.end();
		}
	}

	#take(state: "waiting" | "confirmed" | "dropped") {
		this.state = state;
		if (state !== "waiting") this.end();
	}
}
