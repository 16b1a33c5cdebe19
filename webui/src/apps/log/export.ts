import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { stepUp } from "../../session/stepup.svelte";
import { clock } from "../../time/clock.svelte";
import { type Filter, queryOf } from "./filter";

/** How long a proof of identity must still hold, so that it does not lapse on the way to the NAS. */
const enough = 15;

/** Has the browser download what a filter leaves of the log. Returns why it cannot be. */
export async function exportLog(format: "csv" | "jsonl", filter: Filter): Promise<string> {
	try {
		const { step_up_in } = await api.get("/session");
		if (step_up_in < enough && !(await stepUp.ask())) return "";
	} catch (thrown) {
		return asProblem(thrown).message;
	}
	const search = new URLSearchParams({ format });
	for (const [name, value] of Object.entries(queryOf(filter, clock.read(), clock.zone)))
		if (value !== undefined) search.set(name, String(value));
	// The browser itself writes it to the disk as it comes: it may be larger than its memory.
	const link = document.createElement("a");
	link.href = `/api/v1/events/export?${search}`;
	link.download = "";
	link.click();
	return "";
}
