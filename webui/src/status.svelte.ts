import { api } from "./api/client";
import type { Status } from "./api/types";
import { clock } from "./time/clock.svelte";

/** How often an open page asks: whoever holds the reset button looks at the browser next. */
export const lookAgain = 10_000;

/** What a stranger may know about this NAS, and whether it can be reached at all. */
class NasStatus {
	data = $state.raw<Status>();
	/** Since when nothing answers, in trusted time; 0 while all is well. */
	lostSince = $state(0);
	readonly name = $derived(this.data?.nas_name || "this NAS");

	reload = async (): Promise<Status> => {
		const sent = performance.now();
		const status = await api.get("/status");
		clock.set(status.clock, sent, performance.now());
		this.data = status;
		return status;
	};

	contact(there: boolean) {
		if (there) this.lostSince = 0;
		else if (this.lostSince === 0) this.lostSince = clock.read();
	}
}

export const nas = new NasStatus();
