import { api } from "../api/client";
import { asProblem } from "../api/problem";
import type { ApiTokenMade, ApiTokens, FactorKind } from "../api/types";
import { stepUp } from "../session/stepup.svelte";
import { keyFault } from "./key";
import { networks } from "./words";

const shown = ["name", "scopes", "days", "addresses", "key"] as const;
type Shown = (typeof shown)[number];

const none: Record<Shown, string> = { name: "", scopes: "", days: "", addresses: "", key: "" };

/** What a machine asked for and was not given by itself. */
export type Left = { changes: string[]; unknown: string[] };

/** A token that somebody fills in a form for. */
export class Wish {
	name = $state("");
	scopes = $state.raw<ReadonlySet<string>>(new Set());
	days = $state("");
	addresses = $state("");
	kind = $state<FactorKind>("key");
	key = $state("");
	faults = $state({ ...none });
	refusal = $state("");
	busy = $state(false);
	/** What a machine asked for, given or not. */
	asked: readonly string[] = [];

	constructor(usual: number) {
		this.days = `${usual}`;
	}

	/** Something was entered. */
	get dirty(): boolean {
		return Boolean(this.name || this.addresses || this.key || this.scopes.size > 0);
	}

	/** Gives the token a scope or takes it away. */
	toggle(name: string) {
		const next = new Set(this.scopes);
		if (!next.delete(name)) next.add(name);
		this.scopes = next;
		this.faults.scopes = "";
	}

	/** Gives all of some scopes, or none of them where it has them all. */
	toggleAll(names: readonly string[]) {
		const all = names.every((name) => this.scopes.has(name));
		const rest = [...this.scopes].filter((name) => !names.includes(name));
		this.scopes = new Set(all ? rest : [...rest, ...names]);
		this.faults.scopes = "";
	}

	/** The NAS makes it; not while it still waits for somebody to confirm who they are. */
	get making(): boolean {
		return this.busy && !stepUp.asking;
	}

	/**
	 * Gives the token what a machine asked to see; without a word about that, how the NAS is. What it wants to change is given by hand,
	 * as anybody may have written the link. Returns the words of that, and what may not be given at all.
	 */
	ask(asked: readonly string[] = ["system:read"], { scopes }: Pick<ApiTokens, "scopes">): Left {
		this.asked = asked;
		const wanted = scopes.filter(({ name }) => asked.includes(name));
		this.scopes = new Set(wanted.filter(({ writes }) => !writes).map(({ name }) => name));
		return {
			changes: wanted.filter(({ writes }) => writes).map(({ words }) => words),
			unknown: asked.filter((name) => !scopes.some((one) => one.name === name)),
		};
	}

	/** Has the NAS make it; nothing when it was refused. collect: the machine asks for it by itself. */
	async make(collect = false): Promise<ApiTokenMade | undefined> {
		if (this.busy) return undefined;
		this.refusal = "";
		this.faults = {
			...none,
			name: this.name.trim() ? "" : "Name the program or the machine.",
			scopes: this.scopes.size > 0 ? "" : "Choose what the token opens.",
			key: this.kind === "key" ? keyFault(this.key) : "",
		};
		if (Object.values(this.faults).some(Boolean)) return undefined;
		this.busy = true;
		try {
			return await api.post("/me/tokens", {
				name: this.name.trim(),
				scopes: [...this.scopes],
				days: Number(this.days),
				addresses: networks(this.addresses),
				factor: this.kind === "key" ? { kind: "key", key: this.key.trim() } : { kind: this.kind },
				...(collect ? { collect } : {}),
			});
		} catch (thrown) {
			this.#refuse(thrown);
			return undefined;
		} finally {
			this.busy = false;
		}
	}

	#refuse(thrown: unknown) {
		const problem = asProblem(thrown);
		if (problem.code === "cancelled") return;
		let left = false;
		for (const { name, detail } of problem.fields) {
			const field = shown.find((one) => one === fieldOf(name));
			if (field) this.faults[field] ||= detail;
			else left = true;
		}
		this.refusal = left || problem.fields.length === 0 ? problem.message : "";
	}
}

/** The field of the form for a name of the API: addresses for addresses.2, key for factor.key. */
const fieldOf = (name: string) => (name === "factor.key" ? "key" : name.replace(/[.[].*/, ""));
