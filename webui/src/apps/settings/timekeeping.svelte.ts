import { api } from "../../api/client";
import { asProblem, cancelled, type Problem } from "../../api/problem";
import { Resource } from "../../api/resource.svelte";
import type { Time, TimeServerChoice, TimeSettings } from "../../api/types";
import { health } from "../../desktop/health.svelte";
import { toasts } from "../../desktop/toasts.svelte";
import { nas } from "../../status.svelte";
import { clock } from "../../time/clock.svelte";

/** The most servers the NAS asks. */
export const mostServers = 8;

/** For how long an answer is on its way at most, in milliseconds. */
const longestWay = 200;

/** What the page Date & Time shows, and what can be done there. */
export class TimePage {
	readonly resource = new Resource<Time>(() => this.#timed(() => api.get("/time")));
	/** The clock of the NAS minus trusted time, in milliseconds. */
	offset = $state(0);
	/** performance.now() when the newest answer came. */
	received = $state(0);
	/** The message that offers to take the newest change back. */
	#undo = 0;
	/** How many changes were made here. */
	changes = $state(0);
	/** What is under way: a word of the caller's. */
	busy = $state("");

	get data(): Time | undefined {
		return this.resource.data;
	}

	/** Asks and sets the clocks of the page by the answer. */
	async #timed(ask: () => Promise<Time>): Promise<Time> {
		const sent = performance.now();
		const answer = await ask();
		this.#set(answer, sent);
		return answer;
	}

	#set(answer: Time, sent: number) {
		this.received = performance.now();
		// What asks time servers or people takes as long as it takes; the answer itself is on its way for a moment.
		clock.set(answer.clock, Math.max(sent, this.received - longestWay), this.received);
		this.offset = Date.parse(answer.system) - Date.parse(answer.clock.now);
	}

	/** Takes an answer that came by another way just now. */
	take(answer: Time) {
		this.#set(answer, 0);
		this.#told(answer);
	}

	/** The task bar and the health card say the same at once. */
	#told(answer: Time) {
		this.resource.set(answer);
		this.changes++;
		nas.reload().catch(() => undefined);
		health.reload();
	}

	/** Runs a change that answers with the time as it is then. The problem is given back; that it was put off is none. */
	async #change(what: string, ask: () => Promise<Time>): Promise<Problem | undefined> {
		if (this.busy) return cancelled();
		this.busy = what;
		try {
			this.#told(await this.#timed(ask));
			return undefined;
		} catch (thrown) {
			return asProblem(thrown);
		} finally {
			this.busy = "";
		}
	}

	async sync() {
		const problem = await this.#change("sync", () => api.post("/time/sync"));
		if (problem && problem.code !== "cancelled")
			toasts.failed("The time servers were not asked", problem.message);
	}

	/** Saves the settings with some of them changed. */
	save(change: Partial<TimeSettings>, what: string): Promise<Problem | undefined> {
		const settings = this.data?.settings;
		if (!settings) return Promise.resolve(undefined);
		return this.#change(what, () => api.put("/time", { ...settings, ...change }));
	}

	/** Saves at once and offers to take it back; nothing where it was put off. */
	async saveNow(change: Partial<TimeSettings>, what: string, said: string) {
		const before = this.data?.settings;
		const problem = await this.save(change, what);
		if (problem) {
			if (problem.code !== "cancelled")
				toasts.failed("Nothing was changed", problem.fields[0]?.detail ?? problem.message);
			return;
		}
		if (!before || !this.data) return;
		// One step can be taken back: an older one would take the newer ones with it.
		toasts.close(this.#undo);
		toasts.add({
			level: "ok",
			title: said,
			action: { name: "Undo", run: () => void this.saveNow(before, what, "Changed back") },
		});
		this.#undo = toasts.list.at(-1)?.id ?? 0;
	}

	/** Follows the servers by the jump that was shown. */
	accept = (by_ms: number) => this.#change("accept", () => api.post("/time/accept", { by_ms }));

	/** Turns the time service of the system beneath on or off. */
	automatic = (on: boolean) => this.#change("automatic", () => api.put("/time/automatic", { on }));
}

/** The list with one server moved by so many places. */
export function movedBy(servers: readonly TimeServerChoice[], from: number, by: number): TimeServerChoice[] {
	const list = [...servers];
	const [one] = list.splice(from, 1);
	if (one) list.splice(from + by, 0, one);
	return list;
}

/** Says why something cannot be a time server, or nothing. The NAS decides; this only catches slips. */
export function serverFault(host: string, others: readonly TimeServerChoice[]): string {
	if (host === "") return "Enter the name or the address of a time server.";
	if (/^\w+:\/\//.test(host)) return "Leave out what stands before the name, such as ntp://.";
	if (/[\s/@?#]/.test(host)) return "Use a host name or an address alone, such as time.example.org.";
	if (others.some((one) => one.host.toLowerCase() === host.toLowerCase()))
		return "This server is on the list.";
	return "";
}
