import { createSubscriber } from "svelte/reactivity";
import type { Problem } from "../api/problem";

/** Counts down the seconds the NAS asks for before the next try. */
export class Wait {
	#until = $state(0);
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(update, 250);
		return () => clearInterval(timer);
	});

	/** Starts when the refusal names a time to wait. */
	take(problem: Problem) {
		if (problem.retryIn > 0) this.start(problem.retryIn);
	}

	start(seconds: number) {
		this.#until = seconds > 0 ? performance.now() + seconds * 1000 : 0;
	}

	/** How long that is, as a person says it. */
	get words(): string {
		return this.left > 120 ? `${Math.ceil(this.left / 60)} min` : `${this.left} s`;
	}

	get left(): number {
		if (this.#until === 0) return 0;
		this.#subscribe();
		return Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
	}
}
