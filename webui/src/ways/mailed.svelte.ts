import { asProblem, type Problem } from "../api/problem";
import type { CodeSent } from "../api/types";
import { Wait } from "../time/wait.svelte";

/** A code by e-mail: asked for only when the person presses, and again when the NAS allows the next one. */
export class Mailed {
	/** The newest answer; nothing before the person asked for a code. */
	sent = $state.raw<CodeSent>();
	/** Why no mail could be sent. */
	unavailable = $state("");
	refusal = $state("");
	busy = $state(false);
	readonly #ask: () => Promise<CodeSent>;
	readonly #wait = new Wait();

	constructor(ask: () => Promise<CodeSent>) {
		this.#ask = ask;
	}

	/** Seconds until another one can be sent. */
	get left(): number {
		return this.#wait.left;
	}

	/** There is a code to be typed: one was sent to whoever asks here, now or a moment ago. */
	get waiting(): boolean {
		return this.sent !== undefined && this.sent.expires_in > 0;
	}

	/** Takes an answer that came by another way. */
	take(sent: CodeSent) {
		this.sent = sent;
		this.#wait.start(sent.resend_in);
	}

	/** Asks for a code. The refusal is given back, for those that concern more than the mail. */
	async send(): Promise<Problem | undefined> {
		if (this.busy || this.left > 0) return undefined;
		this.busy = true;
		this.unavailable = "";
		this.refusal = "";
		try {
			this.take(await this.#ask());
			return undefined;
		} catch (thrown) {
			const problem = asProblem(thrown);
			this.#wait.take(problem);
			if (problem.code === "mail_unavailable" || problem.code === "way_closed")
				this.unavailable = problem.message;
			else if (problem.code !== "cancelled") this.refusal = problem.message;
			return problem;
		} finally {
			this.busy = false;
		}
	}
}
