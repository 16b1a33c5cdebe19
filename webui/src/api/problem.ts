import type { FieldProblem, ProblemBody } from "./types";

/** What the NAS refused and why, or what kept the browser from asking it. */
export class Problem extends Error {
	readonly status: number;
	readonly code: string;
	readonly fields: FieldProblem[];
	/** Seconds to wait before trying again; 0 when the NAS named none. */
	readonly retryIn: number;

	constructor(body: ProblemBody) {
		super(body.detail);
		this.name = "Problem";
		this.status = body.status;
		this.code = body.code;
		this.fields = body.fields ?? [];
		this.retryIn = body.retry_in ?? 0;
	}

	/** The sentence that belongs under the field of this name. */
	field(name: string): string {
		return this.fields.find((field) => field.name === name)?.detail ?? "";
	}

	/** The sentence for the form as a whole: nothing when every fault stands under a field that is shown. */
	beside(...shown: string[]): string {
		const told = this.fields.length > 0 && this.fields.every((field) => shown.includes(field.name));
		return told ? "" : this.message;
	}
}

export const noContact = () =>
	new Problem({
		status: 0,
		code: "no_contact",
		detail: "The NAS does not answer. Check its power and your network.",
	});

export const cancelled = () => new Problem({ status: 0, code: "cancelled", detail: "Nothing was changed." });

/** Turns whatever was thrown into a Problem; a fault of this program is shown as one, too. */
export function asProblem(thrown: unknown): Problem {
	if (thrown instanceof Problem) return thrown;
	console.error(thrown);
	return new Problem({
		status: 0,
		code: "fault",
		detail: "This page met a fault of its own. Load it again.",
	});
}

/** Reads a refusal; anything that is not one is reported by its status alone. */
export async function readProblem(response: Response): Promise<Problem> {
	const body = await response.json().catch(() => undefined);
	if (typeof body?.code === "string" && typeof body?.detail === "string") return new Problem(body);
	const detail = `The NAS gave an answer that this page cannot read (${response.status}). Try again.`;
	return new Problem({ status: response.status, code: "unreadable", detail });
}
