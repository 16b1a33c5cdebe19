import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { clock } from "../../time/clock.svelte";
import { type Filter, queryOf } from "./filter";

/** Has the browser download what a filter leaves of the log. Returns why it cannot be. */
export async function exportLog(format: "csv" | "jsonl", filter: Filter): Promise<string> {
	try {
		const { id } = await api.post("/events/export", { format, ...queryOf(filter, clock.read(), clock.zone) });
		// The browser itself writes it to the disk as it comes: it may be larger than its memory.
		const link = document.createElement("a");
		link.href = `/api/v1/events/export/${id}`;
		link.download = "";
		link.click();
		return "";
	} catch (thrown) {
		return asProblem(thrown).message;
	}
}
