import type { Request, Response } from "playwright-core";

/**
 * Knows the questions of a page that met a renewal: a change that ran beside them gave the browser another cookie, they came with
 * the old one and were refused, and the page asked again and was answered. Nobody sees anything of that. Nor of what was under way
 * when somebody signed out.
 */
export class Renewals {
	/** What is under way, and what ran beside it. */
	readonly #underway = new Map<Request, Kind>();
	/** The names of refusals by their question, until that is answered. */
	readonly #refused = new Map<string, string[]>();
	readonly #answered: string[] = [];

	begun(asked: Request) {
		const mine = kindOf(asked);
		let beside: Kind = "question";
		for (const [other, met] of this.#underway) {
			beside = graver(beside, kindOf(other));
			this.#underway.set(other, graver(met, mine));
		}
		this.#underway.set(asked, beside);
	}

	/** Takes an answer, by the name of which a refusal is known. */
	ended(asked: Request, name: string, answer?: Response) {
		const beside = this.#underway.get(asked);
		this.#underway.delete(asked);
		const question = `${asked.method()} ${asked.url()}`;
		const refused = this.#refused.get(question) ?? [];
		if (answer?.ok()) this.#answered.push(...refused.splice(0));
		else if (beside === "sign-out" && answer?.status() === 401) this.#answered.push(name);
		else if (beside === "change" && answer?.status() === 401) this.#refused.set(question, [...refused, name]);
	}

	/** Whether a refusal of a name was one of these. Each is good for one. */
	explains(name: string): boolean {
		const at = this.#answered.indexOf(name);
		if (at >= 0) this.#answered.splice(at, 1);
		return at >= 0;
	}
}

const kinds = ["question", "change", "sign-out"] as const;
type Kind = (typeof kinds)[number];

const graver = (one: Kind, other: Kind) => (kinds.indexOf(one) < kinds.indexOf(other) ? other : one);

function kindOf(asked: Request): Kind {
	if (asked.method() === "GET") return "question";
	return asked.method() === "DELETE" && asked.url().endsWith("/session") ? "sign-out" : "change";
}
