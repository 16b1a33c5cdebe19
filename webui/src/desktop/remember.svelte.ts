import { api } from "../api/client";
import type { Desktop } from "../api/types";
import { session } from "../session/session.svelte";
import { theme } from "../theme.svelte";
import { appsFor } from "./apps";
import { windows } from "./windows.svelte";

/** A drag makes many places in a second; the NAS hears of the last one. */
const pause = 5000;

/** Keeps theme and windows on the NAS, so that any browser finds the desktop as it was left. */
class Memory {
	/** Nothing is saved before the old state was read. */
	ready = $state(false);
	#saved = "";
	#timer: ReturnType<typeof setTimeout> | undefined;

	async load() {
		const desktop = await api.get("/me/desktop").catch(() => undefined);
		if (!desktop) return;
		// Whoever was never here keeps the theme that was chosen on the sign-in page.
		const fresh = desktop.theme === "auto" && desktop.windows.length === 0;
		if (!fresh) theme.choose(desktop.theme);
		windows.restore(desktop.windows, appsFor(session.administrator));
		this.#saved = JSON.stringify({ ...this.now(), theme: desktop.theme });
		this.ready = true;
	}

	now(): Desktop {
		return { theme: theme.choice, windows: windows.describe() };
	}

	/** Saves a little later, once, and only what has changed. */
	note(desktop: Desktop) {
		clearTimeout(this.#timer);
		if (JSON.stringify(desktop) === this.#saved) return;
		this.#timer = setTimeout(() => this.flush(), pause);
	}

	/** Saves at once, before the page goes away or the session ends. */
	async flush() {
		clearTimeout(this.#timer);
		const desktop = this.now();
		const text = JSON.stringify(desktop);
		if (!this.ready || text === this.#saved || !session.me) return;
		this.#saved = text;
		await api.put("/me/desktop", desktop).catch(() => {
			this.#saved = "";
		});
	}

	stop() {
		clearTimeout(this.#timer);
		this.ready = false;
		windows.clear();
	}
}

export const memory = new Memory();
