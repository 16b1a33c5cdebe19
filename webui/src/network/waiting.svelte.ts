import { createSubscriber } from "svelte/reactivity";
import { api } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { NetworkChange } from "../api/types";
import { keepHere, ownHost, patience } from "./trial.svelte";
import { hostOf, isAddress } from "./words";

/** A change of the network that waits and was begun elsewhere: on another page, or on this one before it was loaded again. */
export class Waiting {
	/** As the NAS told it last. */
	change = $state.raw<NetworkChange>() as NetworkChange;
	busy = $state<"" | "keep" | "back">("");
	/** Why this page proves nothing, in the words of the NAS. */
	elsewhere = $state("");
	refusal = $state("");
	/** It was sent back from here, and nothing answers since: the NAS is leaving this address. */
	leaving = $state(false);
	#until = $state(0);
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(update, 250);
		return () => clearInterval(timer);
	});

	constructor(change: NetworkChange) {
		this.take(change);
	}

	take(change: NetworkChange) {
		this.change = change;
		this.#until = performance.now() + change.expires_in * 1000;
		this.leaving = false;
	}

	/** Seconds until it goes back. */
	get left(): number {
		this.#subscribe();
		return Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
	}

	/** This page is at one of the addresses that the change gives the NAS, or came by a name. */
	get here(): boolean {
		return !isAddress(ownHost()) || this.change.urls.some((url) => hostOf(url) === ownHost());
	}

	/** Where it is kept, other than here; addresses before names. */
	get links(): string[] {
		const named = (url: string) => Number(!isAddress(hostOf(url)));
		return this.change.urls
			.filter((url) => hostOf(url) !== ownHost())
			.sort((one, other) => named(one) - named(other));
	}

	/** Keeps it over the connection of this page, and says whether that was done. */
	async keep(): Promise<boolean> {
		return this.#do("keep", (signal) => keepHere({ signal }));
	}

	/** Has it go back at once. An address that goes with it takes the answer along. */
	async goBack(): Promise<boolean> {
		return this.#do("back", (signal) => api.delete("/network/change", { signal }));
	}

	async #do(what: "keep" | "back", task: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = what;
		this.refusal = "";
		this.elsewhere = "";
		try {
			await task(AbortSignal.timeout(what === "back" ? patience : 3 * patience));
			return true;
		} catch (thrown) {
			return this.#refuse(what, asProblem(thrown));
		} finally {
			this.busy = "";
		}
	}

	/** Says whether there is nothing to wait for any more. */
	#refuse(what: "keep" | "back", { code, status, message }: Problem): boolean {
		if (code === "no_network_change") return true;
		if (code === "confirmed_elsewhere") this.elsewhere = message;
		else if (status !== 0) this.refusal = message;
		else if (what === "back") this.leaving = true;
		else this.refusal = "The NAS did not answer. Try again while the time lasts.";
		return false;
	}
}
