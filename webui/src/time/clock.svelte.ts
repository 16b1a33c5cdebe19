import { createSubscriber } from "svelte/reactivity";
import type { Clock } from "../api/types";

/** A value that is read again after every pause, for as long as something on the page shows it. */
function ticking(every: number): () => void {
	return createSubscriber((update) => {
		const timer = setInterval(update, every);
		return () => clearInterval(timer);
	});
}

const patient = ticking(1000);
const swift = ticking(100);

/**
 * Trusted time as the NAS tells it. Between answers it runs on the browser's monotonic clock, because the
 * browser's wall clock may itself be wrong.
 */
export class NetworkClock {
	/** The newest answer, with its state and its sentence. */
	state = $state.raw<Clock>();
	readonly zone = $derived(this.state?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
	#ahead = $state(Date.now() - performance.now());

	/** Takes an answer; sent and received are performance.now() around the question. */
	set(state: Clock, sent: number, received: number) {
		this.state = state;
		this.#ahead = Date.parse(state.now) - (sent + received) / 2;
	}

	/** Trusted time now, in milliseconds. */
	read(): number {
		return performance.now() + this.#ahead;
	}

	/** Trusted time, renewed each second while it is shown. */
	get now(): number {
		patient();
		return this.read();
	}

	/** Trusted time, renewed ten times a second while it is shown. */
	get fine(): number {
		swift();
		return this.read();
	}

	/** How far the browser's own clock is from trusted time; negative: slow. */
	get browserOffset(): number {
		patient();
		return Date.now() - this.read();
	}
}

export const clock = new NetworkClock();
