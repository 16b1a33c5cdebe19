import { createSubscriber } from "svelte/reactivity";
import { api } from "../api/client";
import { asProblem, cancelled, type Problem } from "../api/problem";
import type { InterfaceSettings, NetworkChange, NetworkTrial } from "../api/types";
import { hostOf, isAddress } from "./words";

/** waiting: nobody kept it yet; overdue: its time is over, and this page does not know yet what became of it. */
export type Stage = "waiting" | "overdue" | "kept" | "went_back";

/** How long one question may take: at an address that is gone nothing refuses it. */
const patience = 4000;

/** For how long a page at an address that is gone expects it back, in seconds, before it says where else the NAS may be. */
const comesBack = 20;

/** A change of the network that this browser has asked for, from the moment it holds until it was kept or went back. */
export class Trial {
	readonly interface: string;
	readonly urls: readonly string[];
	/** For how many seconds it holds without being kept. */
	readonly time: number;
	/** The page was told last that the NAS still answers it. */
	reached = $state(true);
	#ended = $state<"" | "kept" | "went_back">("");
	/** Why it went back, in the words of the NAS. */
	reason = $state("");
	/** The page kept it itself. */
	here = $state(false);
	/** The NAS was reached by this page, but not in a way that proves anything. */
	elsewhere = $state("");
	refusal = $state("");
	busy = $state<"" | "keep" | "back">("");
	readonly #token: string;
	readonly #until: number;
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(update, 250);
		return () => clearInterval(timer);
	});

	constructor({ change, token }: NetworkTrial) {
		this.interface = change.interface;
		this.urls = change.urls;
		this.time = change.expires_in;
		this.#token = token;
		this.#until = performance.now() + change.expires_in * 1000;
	}

	/** Seconds until it goes back; after that, how long ago that was, as a negative number. */
	get left(): number {
		this.#subscribe();
		return Math.ceil((this.#until - performance.now()) / 1000);
	}

	get stage(): Stage {
		if (this.#ended) return this.#ended;
		return this.left > 0 ? "waiting" : "overdue";
	}

	get ended(): boolean {
		return this.#ended !== "";
	}

	/** It should be back and is not, so somebody has probably kept it. */
	readonly missing = $derived.by(() => this.stage === "overdue" && this.left <= -comesBack);

	/** The pages at the new addresses, which keep the change as soon as they are opened. */
	get links(): { url: string; name: string }[] {
		return this.urls.map((url) => ({ url: `${url}/#network=${this.#token}`, name: url }));
	}

	/** This page itself is one of the places where the NAS will be. */
	get stays(): boolean {
		const { hostname } = location;
		return (
			this.urls.length === 0 || !isAddress(hostname) || this.urls.some((url) => hostOf(url) === hostname)
		);
	}

	/** Asks what became of it. The connection may fail for as long as the address is gone. */
	look = async (): Promise<void> => {
		try {
			this.take(await api.get("/network/change", { signal: AbortSignal.timeout(patience) }));
		} catch (thrown) {
			const { status } = asProblem(thrown);
			this.reached = status !== 0;
		}
	};

	take(change: NetworkChange) {
		this.reached = true;
		if (this.#ended || change.state === "waiting") return;
		this.reason = change.reason;
		// The NAS was started anew: it knows of no change, so it sent this one back.
		this.#ended = change.state === "kept" ? "kept" : "went_back";
	}

	/** Keeps it over the connection of this page. */
	async keep() {
		await this.#do("keep", async (signal) => {
			await api.post("/network/confirmation", { token: this.#token }, { signal });
			this.here = true;
			this.#ended = "kept";
		});
	}

	async goBack() {
		await this.#do("back", async (signal) => this.take(await api.delete("/network/change", { signal })));
	}

	async #do(what: "keep" | "back", task: (signal: AbortSignal) => Promise<void>) {
		if (this.busy) return;
		this.busy = what;
		this.refusal = "";
		this.elsewhere = "";
		try {
			await task(AbortSignal.timeout(2 * patience));
			this.reached = true;
		} catch (thrown) {
			this.#refuse(asProblem(thrown));
		} finally {
			this.busy = "";
		}
	}

	#refuse(problem: Problem) {
		this.reached = problem.status !== 0;
		if (problem.code === "confirmed_elsewhere") this.elsewhere = problem.message;
		else if (problem.code === "no_network_change") this.look();
		// That nothing answers is shown for as long as it is so.
		else if (problem.code !== cancelled().code && problem.code !== "no_contact")
			this.refusal = problem.message;
	}
}

/** Has an interface follow other settings for a while. */
export const tryOut = async (settings: InterfaceSettings) =>
	new Trial(await api.post("/network/change", settings));

/** What a screen reader is told of the countdown: not every second of it. */
export function announced(left: number): string {
	if (left > 30 || left <= 0) return "";
	return left > 10 ? "30 seconds left." : "10 seconds left.";
}
