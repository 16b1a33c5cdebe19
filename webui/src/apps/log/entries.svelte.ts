import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { Area, ClockState, Event } from "../../api/types";
import { dayOf } from "../../time/format";

/** The security log of one area, newest first, as far back as somebody asked. */
export class Entries {
	events = $state.raw<Event[]>();
	total = $state(0);
	problem = $state.raw<Problem>();
	loading = $state(false);
	readonly #area: Area | undefined;
	#next = $state("");

	readonly more = $derived(this.#next !== "");

	constructor(area: Area | undefined) {
		this.#area = area;
	}

	/** Reads the newest entries; what was read before stays below them. */
	reload = () =>
		this.#load(undefined, (page, next) => {
			const known = this.events ?? [];
			const fresh = joined(page, known);
			// Without a common entry there may be a gap, so the list starts over.
			if (!fresh || known.length === 0) this.#next = next;
			this.events = fresh ?? page;
		});

	older = () =>
		this.#load(this.#next, (page, next) => {
			this.events = [...(this.events ?? []), ...page];
			this.#next = next;
		});

	async #load(before: string | undefined, take: (page: Event[], next: string) => void) {
		this.loading = true;
		try {
			const page = await api.get("/events", { query: { area: this.#area, before } });
			take(page.events, page.next ?? "");
			this.total = page.total;
			this.problem = undefined;
		} catch (thrown) {
			this.problem = asProblem(thrown);
		} finally {
			this.loading = false;
		}
	}
}

/** Puts a new first page over older entries; nothing when they do not meet. */
export function joined(page: Event[], known: Event[]): Event[] | undefined {
	const oldest = page.at(-1);
	if (!oldest) return known;
	const at = known.findIndex((event) => event.id === oldest.id);
	return at < 0 ? undefined : [...page, ...known.slice(at + 1)];
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
