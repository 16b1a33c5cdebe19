import { api } from "../api/client";
import type { Way } from "../api/types";
import { session } from "./session.svelte";

/** The one question "is it still you" that every sensitive change shares. */
class StepUp {
	/** The dialog stands open. */
	asking = $state(false);
	/** A password typed a moment ago, so that the dialog asks for the code alone. */
	password = $state("");
	#answer: Promise<boolean> | undefined;
	#resolve: ((proved: boolean) => void) | undefined;

	/** A code is wanted beside the password; just after a recovery code it is not, for that was one. */
	get coded(): boolean {
		return Boolean(session.me?.two_step) && !session.repair;
	}

	/** Resolves to true when the person proved it, to false when they would rather not. */
	ask = (password = ""): Promise<boolean> => {
		this.#answer ??= this.#ask(password).finally(() => {
			this.#answer = undefined;
		});
		return this.#answer;
	};

	async #ask(password: string): Promise<boolean> {
		if (password && !this.coded) {
			await this.prove(password);
			return true;
		}
		this.password = password;
		this.asking = true;
		return new Promise((resolve) => {
			this.#resolve = resolve;
		});
	}

	/** Sends the proof; a refusal is thrown. */
	async prove(password: string, factor?: { way: Way; code: string }) {
		session.take(await api.post("/session/step-up", { password, ...factor }));
	}

	close(proved: boolean) {
		this.asking = false;
		this.password = "";
		this.#resolve?.(proved);
	}
}

export const stepUp = new StepUp();
