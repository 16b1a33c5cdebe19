import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { Resource } from "../../api/resource.svelte";
import type { Defender, DefenderValues } from "../../api/types";
import { toasts } from "../../desktop/toasts.svelte";

export type ListName = "block" | "allow";

/** A rule that blocks the address of whoever adds it, which wants to be confirmed. */
export interface OwnAddress {
	rule: string;
	/** What would happen, in the words of the NAS. */
	warning: string;
}

/** What is decided about addresses at the door, and who is slowed down now. */
export class DefenderPage {
	readonly resource = new Resource<Defender>(() => api.get("/defender"));
	/** Set while the question about the own address is open. */
	own = $state.raw<OwnAddress>();
	busy = $state("");
	refusal = $state("");
	faults = $state({ block: "", allow: "" });

	/** Adds an address or a network to a list, and reports whether that was done. */
	async add(list: ListName, rule: string, confirm = false): Promise<boolean> {
		const kept = this.resource.data?.[list] ?? [];
		this.faults[list] = rule.trim() ? "" : "Enter an address or a network.";
		if (this.faults[list]) return false;
		if (kept.includes(rule.trim())) {
			this.faults[list] = "It is on the list.";
			return false;
		}
		return this.#put(list, { [list]: [...kept, rule.trim()], confirm }, rule.trim());
	}

	remove(list: ListName, rule: string): Promise<boolean> {
		const kept = this.resource.data?.[list] ?? [];
		return this.#put(list, { [list]: kept.filter((one) => one !== rule) });
	}

	limit(limits: Defender["limits"]): Promise<boolean> {
		return this.#put("limits", { limits });
	}

	async #put(what: ListName | "limits", change: Partial<DefenderValues>, rule = ""): Promise<boolean> {
		const { data } = this.resource;
		if (!data || this.busy) return false;
		this.busy = what;
		this.refusal = "";
		this.own = undefined;
		try {
			const { limits, allow, block } = data;
			this.resource.set(await api.put("/defender", { limits, allow, block, ...change }));
			if (what === "limits") toasts.saved("Limits saved"); // the lists show for themselves
			return true;
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (problem.code === "own_address" && rule) this.own = { rule, warning: problem.message };
			else if (problem.code !== "cancelled") this.#refuse(what, problem.fields[0]?.detail ?? problem.message);
			return false;
		} finally {
			this.busy = "";
		}
	}

	#refuse(what: ListName | "limits", message: string) {
		if (what === "limits") this.refusal = message;
		else this.faults[what] = message;
	}

	/** Ends a slow-down before its time. */
	async lift(id: string) {
		if (this.busy) return;
		this.busy = id;
		this.refusal = "";
		try {
			await api.delete("/defender/slow-downs/{id}", { id });
			toasts.saved(
				"Slow-down lifted",
				"A sign-in page that still counts down goes on after it is loaded again.",
			);
		} catch (thrown) {
			const problem = asProblem(thrown);
			// What is over already needs no lifting.
			if (problem.code !== "cancelled" && problem.code !== "slow_down_over") this.refusal = problem.message;
		} finally {
			this.busy = "";
		}
		await this.resource.reload();
	}
}
