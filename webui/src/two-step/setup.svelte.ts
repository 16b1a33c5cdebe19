import { api } from "../api/client";
import { asProblem } from "../api/problem";
import type { Enrolment, TwoStepOn } from "../api/types";
import { codeLength } from "../parts/code";
import { session } from "../session/session.svelte";
import { nas } from "../status.svelte";
import { Wait } from "../time/wait.svelte";

export const steps = ["Choose an app", "Connect the app", "Done"] as const;

/** The way from "off" to "on", wherever it is walked: in the wizard or in the first run. */
export class Setup {
	at = $state(0);
	enrolment = $state.raw<Enrolment>();
	name = $state(`${(session.shown || "My").split(" ")[0]}’s phone`);
	code = $state("");
	codeFault = $state("");
	nameFault = $state("");
	refusal = $state("");
	/** The key is no longer valid; the step must be started anew. */
	lapsed = $state(false);
	busy = $state(false);
	result = $state.raw<TwoStepOn>();
	readonly wait = new Wait();
	#lapse: ReturnType<typeof setTimeout> | undefined;

	/** Whether codes can be checked at all is a matter of the clock. */
	readonly clock = $derived(nas.data?.clock);
	readonly untrusted = $derived(this.clock?.state === "unsynced" || this.clock?.state === "suspect");

	/** Goes to the second step, with a new key unless the present one still holds. */
	async connect() {
		if (this.enrolment && !this.lapsed) {
			this.at = 1;
			return;
		}
		await this.#while(async () => {
			const enrolment = await api.post("/me/two-step/devices", { name: this.name.trim() || "Phone" });
			this.enrolment = enrolment;
			this.code = "";
			this.lapsed = false;
			clearTimeout(this.#lapse);
			this.#lapse = setTimeout(() => (this.lapsed = true), enrolment.expires_in * 1000);
			this.at = 1;
		});
	}

	/** Sends the first code. True when 2-step verification is on. */
	async confirm(): Promise<boolean> {
		const { enrolment } = this;
		if (!enrolment || this.lapsed || this.wait.left > 0) return false;
		this.codeFault = this.code.length === codeLength ? "" : "Enter the six digits your app shows now.";
		this.nameFault = this.name.trim() ? "" : "Give the device a name.";
		if (this.codeFault || this.nameFault) return false;
		await this.#while(async () => {
			const body = { code: this.code, name: this.name.trim() };
			this.result = await api.post("/me/two-step/devices/{id}/confirmation", body, { id: enrolment.id });
			clearTimeout(this.#lapse);
			this.enrolment = undefined;
			this.at = 2;
			await session.refresh().catch(() => undefined);
		});
		return this.result !== undefined;
	}

	/** Forgets a key that was shown but not confirmed. */
	async cancel() {
		clearTimeout(this.#lapse);
		const { enrolment } = this;
		this.enrolment = undefined;
		if (!enrolment) return;
		await api.delete("/me/two-step/devices/{id}", { id: enrolment.id }).catch(() => undefined);
	}

	async #while(task: () => Promise<void>) {
		if (this.busy) return;
		this.busy = true;
		this.refusal = "";
		try {
			await task();
		} catch (thrown) {
			this.#refuse(thrown);
		} finally {
			this.busy = false;
		}
	}

	#refuse(thrown: unknown) {
		const problem = asProblem(thrown);
		this.wait.take(problem);
		if (problem.code === "cancelled") return;
		if (problem.code === "enrolment_gone") this.lapsed = true;
		else if (problem.code === "code_refused") this.codeFault = problem.message;
		else {
			this.nameFault = problem.field("name");
			this.codeFault = problem.field("code");
			this.refusal = problem.beside("name", "code");
		}
	}
}
