import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { PersonSession } from "../../api/types";

/** Who is signed in, page after page, as far as they match a search. */
export class Online {
	sessions = $state.raw<PersonSession[]>();
	total = $state(0);
	people = $state(0);
	problem = $state.raw<Problem>();
	loading = $state(false);
	#search = "";
	#next = $state("");
	#pages = 1;
	#turn = 0;

	readonly more = $derived(this.#next !== "");

	/** Starts over with a search; an answer to an older one is dropped. */
	find(search: string) {
		this.#search = search;
		this.#pages = 1;
		return this.reload();
	}

	next = () => {
		this.#pages++;
		return this.reload();
	};

	/** Asks again for what is shown. */
	reload = async () => {
		const turn = ++this.#turn;
		this.loading = true;
		try {
			const sessions: PersonSession[] = [];
			let after = "";
			for (let page = 0; page < this.#pages && (page === 0 || after); page++) {
				const answer = await api.get("/sessions", { query: { search: this.#search, after } });
				if (turn !== this.#turn) return;
				sessions.push(...answer.sessions);
				after = answer.next ?? "";
				this.total = answer.total;
				this.people = answer.people;
			}
			this.sessions = sessions;
			this.#next = after;
			this.problem = undefined;
		} catch (thrown) {
			if (turn === this.#turn) this.problem = asProblem(thrown);
		} finally {
			if (turn === this.#turn) this.loading = false;
		}
	};
}
