import { asProblem, type Problem } from "./problem";

/** Something a page shows from the NAS: the last good answer stays when a later one fails. */
export class Resource<T> {
	data = $state.raw<T>();
	problem = $state.raw<Problem>();
	/** When the last good answer came, by the clock of this browser. */
	loadedAt = $state(0);
	loading = $state(false);
	readonly #load: () => Promise<T>;
	readonly #taken: ((data: T) => void) | undefined;
	#turn = 0;
	#newest: Promise<void> | undefined;

	/** taken is told of every good answer, for forms that copy it into their fields. */
	constructor(load: () => Promise<T>, taken?: (data: T) => void) {
		this.#load = load;
		this.#taken = taken;
	}

	/** Asks again. An answer that comes after a newer question is dropped, and this ends when that is answered. */
	reload = (): Promise<void> => {
		this.#newest = this.#ask(++this.#turn);
		return this.#newest;
	};

	async #ask(turn: number): Promise<void> {
		this.loading = true;
		try {
			const data = await this.#load();
			if (turn === this.#turn) this.#take(data);
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (turn === this.#turn && problem.code !== "cancelled") this.problem = problem;
		}
		if (turn === this.#turn) this.loading = false;
		else await this.#newest;
	}

	/** Forgets everything, for the next person at this browser; an answer still on its way is dropped. */
	clear() {
		this.#drop();
		this.data = undefined;
		this.problem = undefined;
	}

	/** Takes an answer that came by another way, for example from a change. One still on its way is older, and dropped. */
	set(data: T) {
		this.#drop();
		this.#take(data);
	}

	#drop() {
		this.#turn++;
		this.#newest = undefined;
		this.loading = false;
	}

	#take(data: T) {
		this.data = data;
		this.problem = undefined;
		this.loadedAt = Date.now();
		this.#taken?.(data);
	}
}
