import { poll } from "../api/poll";
import { asProblem, type Problem } from "../api/problem";
import { Wait } from "../time/wait.svelte";

/** Where the wait for a press stands, as the NAS tells it. */
export interface PressAnswer {
	state: "waiting" | "confirmed" | "dropped" | "expired";
	/** Seconds that are left for the press. */
	expires_in: number;
}

export type PressState = "idle" | "starting" | PressAnswer["state"] | "refused";

/** What a wait asks the NAS for. */
interface Questions {
	/** Begins a wait, or a new one in place of the last. */
	ask: () => Promise<PressAnswer>;
	/** Where it stands. A refusal means that there is no wait any more. */
	look: (signal: AbortSignal) => Promise<PressAnswer>;
}

/** Waits for a short press of the button on the NAS. A wait begins only in a page that can be seen, and then goes on. */
export class Press {
	state = $state<PressState>("idle");
	/** Why there is no wait. */
	problem = $state.raw<Problem>();
	/** Before another wait may begin. */
	readonly pause = new Wait();
	readonly #questions: Questions;
	readonly #left = new Wait();
	/** For how many seconds the wait goes on as a whole. */
	#life = 0;
	#stop: (() => void) | undefined;
	/** Answers to questions of an earlier wait are dropped. */
	#turn = 0;

	constructor(questions: Questions) {
		this.#questions = questions;
	}

	/** Seconds that are left for the press. */
	get left(): number {
		return this.#left.left;
	}

	/** The part of the time that is left; 0 to 1. */
	get part(): number {
		return this.#life > 0 ? Math.min(1, this.left / this.#life) : 0;
	}

	/** Asking again from this browser would be refused again. */
	get closed(): boolean {
		return this.problem?.code === "not_local" || this.problem?.code === "way_closed";
	}

	/**
	 * Begins a wait, or a new one after the last was dropped or nobody pressed in time. A page that nobody looks at waits for
	 * its turn to be seen: a forgotten tab would count as a second browser, and the press would drop both.
	 */
	async begin(): Promise<void> {
		this.end();
		const turn = this.#turn;
		this.state = "starting";
		this.problem = undefined;
		this.#life = 0;
		await this.#seen();
		if (turn !== this.#turn) return;
		try {
			const answer = await this.#questions.ask();
			if (turn === this.#turn) this.#go(answer);
		} catch (thrown) {
			if (turn === this.#turn) this.#refuse(thrown);
		}
	}

	/**
	 * Goes on with a wait that this browser began before the page was loaded again: a second one beside it would
	 * count as a second browser, and the press would drop both.
	 */
	resume() {
		this.end();
		this.#go({ state: "waiting", expires_in: this.left });
	}

	/**
	 * Tries another way, which takes the place of the wait when it leads on. Meanwhile nothing is asked: the question would
	 * come with the ticket that is just being replaced. Where the other way is refused the wait goes on.
	 */
	async beside<T>(other: () => Promise<T>): Promise<T> {
		const was = this.state;
		this.end();
		try {
			return await other();
		} catch (thrown) {
			if (was === "waiting") this.resume();
			else if (was === "starting") this.begin();
			throw thrown;
		}
	}

	/** Asks no more, and drops the question that is under way. The NAS takes a browser that does not ask for one that no longer waits. */
	end() {
		this.#turn++;
		this.#stop?.();
		this.#stop = undefined;
	}

	/** The press was made use of, and that was refused. */
	refuse(problem: Problem) {
		this.end();
		this.problem = problem;
		this.pause.take(problem);
		this.state = problem.code === "wait_dropped" ? "dropped" : "refused";
	}

	/** Resolves once the page can be seen. A wait that was begun goes on in the dark: a phone locks its screen. */
	#seen(): Promise<void> {
		if (document.visibilityState === "visible") return Promise.resolve();
		return new Promise((done) => {
			const look = () => {
				if (document.visibilityState !== "visible") return;
				leave();
				done();
			};
			const leave = () => {
				document.removeEventListener("visibilitychange", look);
				this.#stop = undefined;
			};
			document.addEventListener("visibilitychange", look);
			this.#stop = leave;
		});
	}

	#go(answer: PressAnswer) {
		const turn = this.#turn;
		this.#take(answer);
		if (this.state !== "waiting") return;
		const asking = new AbortController();
		const stop = poll(() => this.#look(turn, asking.signal), 1000, true);
		this.#stop = () => {
			stop();
			asking.abort();
		};
	}

	async #look(turn: number, signal: AbortSignal) {
		try {
			const answer = await this.#questions.look(signal);
			if (turn === this.#turn) this.#take(answer);
		} catch (thrown) {
			// Out of contact the question is simply asked again.
			if (turn !== this.#turn || asProblem(thrown).code === "no_contact") return;
			this.#refuse(thrown);
		}
	}

	#take({ state, expires_in }: PressAnswer) {
		this.state = state;
		if (state !== "waiting") {
			this.end();
			return;
		}
		this.#life = Math.max(this.#life, expires_in);
		this.#left.start(expires_in);
	}

	#refuse(thrown: unknown) {
		const problem = asProblem(thrown);
		this.end();
		this.problem = problem;
		this.pause.take(problem);
		this.state = problem.status === 410 ? "expired" : "refused";
	}
}
