import { api } from "../api/client";
import type { Problem } from "../api/problem";
import type { Way } from "../api/types";
import { clock } from "../time/clock.svelte";
import { Wait } from "../time/wait.svelte";
import { Mailed } from "./mailed.svelte";
import { codeFault, codeWays, complete, timely } from "./way";

/** What a signed-in person shows to prove who they are: the password and, where it is wanted, a code. */
export class Proof {
	password = $state("");
	way = $state<Way>();
	code = $state("");
	/** What is wrong with the code. */
	fault = $state("");
	/** What is wrong with the whole. */
	refusal = $state("");
	/** How many codes were refused. */
	refusals = $state(0);
	readonly ways: readonly Way[];
	readonly wait = new Wait();
	readonly mailed = new Mailed(() => api.post("/session/step-up/email"));
	readonly #coded: boolean;

	/** coded: a code is wanted, by one of the ways. */
	constructor(coded: boolean, ways: readonly Way[], password = "") {
		this.#coded = coded;
		this.ways = timely(codeWays(ways), clock.state?.trusted !== false);
		this.way = this.ways[0];
		this.password = password;
	}

	/** Enough was entered for a try. */
	get ready(): boolean {
		if (this.password === "" || this.wait.left > 0) return false;
		return !this.#coded || (this.way !== undefined && complete(this.way, this.code));
	}

	get factor(): { way: Way; code: string } | undefined {
		return this.#coded && this.way ? { way: this.way, code: this.code.trim() } : undefined;
	}

	choose(way: Way) {
		this.way = way;
		this.code = "";
		this.fault = "";
		this.refusal = "";
	}

	/** Says under the field what cannot be a code. True when it may be sent. */
	check(): boolean {
		this.refusal = "";
		this.fault = this.#coded && this.way ? codeFault(this.way, this.code) : "";
		return this.ready;
	}

	/** Takes a refusal. Where it concerns the code, that is typed anew. */
	refuse(problem: Problem) {
		this.wait.take(problem);
		this.refusal = problem.message;
		if (!this.#coded || problem.field("password")) return;
		if (this.way !== "recovery") this.code = "";
		this.refusals++;
	}
}
