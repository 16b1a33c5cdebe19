import type { Request, Response } from "playwright-core";

/**
 * Knows the questions of a page that met a renewal: a change that ran beside them gave the browser another cookie, they came with
 * the old one and were refused, and the page asked again and was answered. Nobody sees anything of that.
 */
export class Renewals {
	/** What is under way, and whether a change ran beside it. */
	readonly #underway = new Map<Request, boolean>();
	/** The names of refusals by their question, until that is answered. */
	readonly #refused = new Map<string, string[]>();
	readonly #answered: string[] = [];

	begun(asked: Request) {
		if (changes(asked)) for (const other of this.#underway.keys()) this.#underway.set(other, true);
		this.#underway.set(asked, [...this.#underway.keys()].some(changes));
	}

	/** Takes an answer, by the name of which a refusal is known. */
	ended(asked: Request, name: string, answer?: Response) {
		const beside = this.#underway.get(asked);
		this.#underway.delete(asked);
		const question = `${asked.method()} ${asked.url()}`;
		const refused = this.#refused.get(question) ?? [];
		if (answer?.ok()) this.#answered.push(...refused.splice(0));
		else if (beside && answer?.status() === 401) this.#refused.set(question, [...refused, name]);
	}

	/** Whether a refusal of a name was one of these. Each is good for one. */
	explains(name: string): boolean {
		const at = this.#answered.indexOf(name);
		if (at >= 0) this.#answered.splice(at, 1);
		return at >= 0;
	}
}

const changes = (asked: Request) => asked.method() !== "GET";
