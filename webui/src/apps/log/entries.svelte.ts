import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { Area, ClockState, Event, EventPage } from "../../api/types";
import { clock } from "../../time/clock.svelte";
import { dayOf } from "../../time/format";
import { type Filter, queryOf } from "./filter";

/** How many entries are shown at first, and more at a time. */
const pageSize = 50;

/** The entries that a filter leaves of the security log, newest first, as far back as somebody asked. */
export class Entries {
	events = $state.raw<Event[]>();
	/** All entries of the log, also those that the filter hides. */
	kept = $state(0);
	problem = $state.raw<Problem>();
	loading = $state(false);
	/** A search goes on, and has come as far back as this. */
	searched = $state<string>();
	#filter: Filter = {};
	#next = $state("");
	#newest = "";
	#turn = 0;

	readonly more = $derived(this.#next !== "");

	/** Starts over with a filter. Answers to older questions are dropped. */
	start = (filter: Filter = this.#filter) => {
		this.#filter = filter;
		this.events = undefined;
		this.searched = undefined;
		return this.#back("");
	};

	/** Looks for what is new. */
	renew = async () => {
		if (this.loading) return;
		if (this.events === undefined) return this.start();
		const turn = this.#turn;
		try {
			for (let behind = true; behind; ) {
				const after = this.#newest;
				const page = await this.#ask({ after });
				// Somebody else asked meanwhile, and has these entries already.
				if (turn !== this.#turn || after !== this.#newest) return;
				// Somebody cleared the log.
				if (page.kept * 2 < this.kept) return await this.start();
				this.kept = page.kept;
				this.#newest = page.newest;
				this.events = [...page.events, ...(this.events ?? [])];
				behind = page.behind;
			}
			this.problem = undefined;
		} catch (thrown) {
			if (turn === this.#turn) this.problem = asProblem(thrown);
		}
	};

	older = () => this.#back(this.#next);

	/** Ends a search that goes on; what it has not seen can be asked for again. */
	stop = () => {
		this.#turn++;
		this.loading = false;
		this.searched = undefined;
		this.events ??= [];
	};

	/** Reads a page. The NAS answers a long search in parts; it goes on until the page is full. */
	async #back(from: string) {
		const turn = ++this.#turn;
		this.loading = true;
		try {
			let first = from === "";
			let found = 0;
			let before: string | undefined = from;
			do {
				const page: EventPage = await this.#ask({ before, limit: pageSize - found });
				if (turn !== this.#turn) return;
				before = page.next;
				found += page.events.length;
				this.searched = page.searched_to;
				if (page.events.length > 0 || before === undefined)
					this.events = [...(this.events ?? []), ...page.events];
				this.kept = page.kept;
				if (first) this.#newest = page.newest;
				first = false;
				this.#next = page.next ?? "";
			} while (before !== undefined && found < pageSize);
			this.problem = undefined;
		} catch (thrown) {
			if (turn === this.#turn) this.problem = asProblem(thrown);
		} finally {
			if (turn === this.#turn) {
				this.loading = false;
				this.searched = undefined;
			}
		}
	}

	#ask(place: { before?: string; after?: string; limit?: number }) {
		const filter = queryOf(this.#filter, clock.read(), clock.zone);
		return api.get("/events", { query: { ...filter, ...place } });
	}
}

const trusted = (state: ClockState) => state === "synced" || state === "holdover";

export interface Line {
	event: Event;
	/** The first entry of its day, seen from above. */
	newDay: boolean;
	/** The clock was checked between this entry and the older ones below it. */
	clockSet: boolean;
}

/** Adds to each entry what stands around it. */
export function lines(events: Event[], zone: string): Line[] {
	return events.map((event, place) => {
		const above = events[place - 1];
		const below = events[place + 1];
		return {
			event,
			newDay: !above || dayOf(Date.parse(above.time), zone) !== dayOf(Date.parse(event.time), zone),
			clockSet: below !== undefined && trusted(event.clock_state) && !trusted(below.clock_state),
		};
	});
}

export const areaName: Record<Area, string> = {
	sign_in: "Sign-in",
	two_step: "2-step verification",
	accounts: "Accounts",
	settings: "Settings",
	button: "Reset button",
	clock: "Clock",
	mail: "Mail",
	system: "System",
};

export const levelName: Record<Event["level"], string> = { info: "Info", warning: "Warning", error: "Error" };

/** Who acted: a stranger who gave a name that nobody here has stays unnamed in the log. */
export const who = (event: Event) => event.actor || (event.address ? "Unknown" : "The NAS");

/** One entry as text, for a mail or a ticket. */
export function asText(event: Event): string {
	const head = [event.time, levelName[event.level], areaName[event.area], event.actor, event.address].filter(
		Boolean,
	);
	const details = event.details.map((detail) => `${detail.name}: ${detail.value}`);
	return [head.join("  "), event.message, ...details, `Clock: ${event.clock_state}`].join("\n");
}
