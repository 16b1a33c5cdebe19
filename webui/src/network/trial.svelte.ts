import { createSubscriber } from "svelte/reactivity";
import { api, type Options } from "../api/client";
import { asProblem, cancelled, type Problem } from "../api/problem";
import type { InterfaceSettings, NetworkChange, NetworkTrial } from "../api/types";
import { hostOf, isAddress, isV6 } from "./words";

/** waiting: nobody kept it yet; overdue: its time is over, and this page does not know yet what became of it. */
export type Stage = "waiting" | "overdue" | "kept" | "went_back";

/** How long one question may take: at an address that is gone nothing refuses it. */
export const patience = 4000;

/** For how long a page at an address that is gone expects it back, in seconds, before it says where else the NAS may be. */
const comesBack = 20;

/** After so many seconds it is made, and the NAS knows where it leads. */
const made = 3;

export const ownHost = () => location.hostname.replace(/^\[|\]$/g, "");

/** A change of the network that this browser has asked for, from the moment it holds until it was kept or went back. */
export class Trial {
	readonly interface: string;
	/** Where the NAS is found by what is tried, as far as that is known. */
	urls = $state.raw<readonly string[]>([]);
	/** What is probably wrong with it, in the words of the NAS; empty: nothing is known. */
	readonly warning: string;
	/** An address becomes another one by it. */
	readonly moves: boolean;
	/** Nothing else of a family does either, so every page proves that it works. */
	readonly #untouched: boolean;
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
	/** It was sent back from here, and nothing has answered since. */
	leaving = $state(false);
	readonly #token: string;
	readonly #until: number;
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(update, 250);
		return () => clearInterval(timer);
	});

	constructor({ change, token, warning }: NetworkTrial, tried: InterfaceSettings, before: InterfaceSettings) {
		this.interface = change.interface;
		this.warning = warning;
		const families = [
			[tried.ipv4, before.ipv4],
			[tried.ipv6, before.ipv6],
		] as const;
		this.moves = families.some(([now, then]) => now.method !== then.method || now.address !== then.address);
		this.#untouched =
			!this.moves &&
			families.every(([now, then]) => now.prefix === then.prefix && now.gateway === then.gateway);
		// The answer comes before the change is made: an address that is asked for only now is still the old one in it.
		const asked = (v6: boolean) => {
			const [now, then] = v6 ? [tried.ipv6, before.ipv6] : [tried.ipv4, before.ipv4];
			return now.method === "automatic" && then.method !== "automatic";
		};
		this.urls = change.urls.filter((url) => !isAddress(hostOf(url)) || !asked(isV6(hostOf(url))));
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
		return this.left > 0 && !this.leaving ? "waiting" : "overdue";
	}

	get ended(): boolean {
		return this.#ended !== "";
	}

	/** It should be back and is not, so somebody has probably kept it. */
	readonly missing = $derived.by(() => this.stage === "overdue" && this.left <= -comesBack);

	/** The other pages at which it is kept, as soon as they are opened; addresses before names. */
	get links(): { url: string; name: string }[] {
		const others = this.urls.filter((url) => hostOf(url) !== ownHost());
		const named = (url: string) => Number(!isAddress(hostOf(url)));
		return others
			.sort((one, other) => named(one) - named(other))
			.map((url) => ({ url: `${url}/${this.#token && `#network=${this.#token}`}`, name: url }));
	}

	/** The answer with what keeps it was lost: an administrator has to sign in at the new address and keep it there. */
	get signIn(): boolean {
		return this.#token === "";
	}

	/** This page itself is one of the places where the NAS will be. */
	get stays(): boolean {
		return this.#untouched || !isAddress(ownHost()) || this.urls.some((url) => hostOf(url) === ownHost());
	}

	/** It may be tried whether this page proves anything: also behind a router that has the NAS appear at another address. */
	get keepable(): boolean {
		return this.reached && !this.elsewhere && (this.stays || this.time - this.left > made);
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
		this.leaving = false;
		if (this.#ended) return;
		if (change.state === "waiting") {
			if (this.time - change.expires_in >= made) this.urls = change.urls;
			return;
		}
		this.reason = change.reason;
		// The NAS was started anew: it knows of no change, so it sent this one back.
		this.#ended = change.state === "kept" ? "kept" : "went_back";
	}

	/** Keeps it over the connection of this page. */
	async keep() {
		await this.#do("keep", async (signal) => {
			await (this.#token ? confirm(this.#token, { signal }) : keepHere({ signal }));
			this.here = true;
			this.#ended = "kept";
		});
	}

	async goBack() {
		await this.#do("back", async (signal) => this.take(await api.delete("/network/change", { signal })));
		// Going back takes an address away that the answer would come from: then it is looked for as after its time.
		if (!this.reached && !this.#ended) this.leaving = true;
	}

	async #do(what: "keep" | "back", task: (signal: AbortSignal) => Promise<void>) {
		if (this.busy) return;
		this.busy = what;
		this.refusal = "";
		this.elsewhere = "";
		try {
			await task(AbortSignal.timeout(what === "back" ? patience : 3 * patience));
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

/** Has an interface follow other settings for a while. Where the answer is lost the NAS is asked whether it tries them. */
export async function tryOut(settings: InterfaceSettings, before: InterfaceSettings): Promise<Trial> {
	try {
		return new Trial(await api.post("/network/change", settings), settings, before);
	} catch (thrown) {
		if (asProblem(thrown).code !== "no_contact") throw thrown;
		const change = await begun(settings.interface);
		if (!change) throw thrown;
		return new Trial({ change, token: "", warning: "" }, settings, before);
	}
}

/** The change of an interface that waits, if there is one and the NAS says so within the moment before it is made. */
async function begun(name: string): Promise<NetworkChange | undefined> {
	for (let turn = 0; turn < 4; turn++) {
		if (turn > 0) await new Promise((done) => setTimeout(done, 300));
		try {
			const change = await api.get("/network/change", { signal: AbortSignal.timeout(1000) });
			if (change.state === "waiting" && change.interface === name) return change;
		} catch (thrown) {
			if (asProblem(thrown).status !== 0) return undefined;
		}
	}
	return undefined;
}

/** Keeps the change of a token over the connection of this page. */
export const confirm = (token: string, options: Options = {}) =>
	patiently(() => api.post("/network/confirmation", { token }, options));

/** The same for an administrator who is signed in here, without its token. */
export const keepHere = (options: Options = {}) =>
	patiently(() => api.put("/network/change", undefined, options));

/** While the change is being made, keeping it is tried again. */
async function patiently(keep: () => Promise<unknown>): Promise<void> {
	for (let turn = 0; ; turn++) {
		try {
			await keep();
			return;
		} catch (thrown) {
			const { code, retryIn } = asProblem(thrown);
			if (code !== "confirmed_elsewhere" || retryIn === 0 || turn === 5) throw thrown;
			await new Promise((done) => setTimeout(done, retryIn * 1000));
		}
	}
}

/** What a screen reader is told of the countdown: not every second of it. */
export function announced(left: number): string {
	if (left > 30 || left <= 0) return "";
	return left > 10 ? "30 seconds left." : "10 seconds left.";
}
