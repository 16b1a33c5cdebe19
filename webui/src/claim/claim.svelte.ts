import { api } from "../api/client";
import { asProblem } from "../api/problem";
import type { SignInStep } from "../api/types";
import { boot } from "../boot.svelte";
import { emailFault, nasNameFault, userNameFault } from "../parts/forms";
import { passwordFault } from "../parts/password";
import { session } from "../session/session.svelte";
import { nas } from "../status.svelte";
import { clock } from "../time/clock.svelte";
import { clockTime } from "../time/format";
import { browserZone } from "../time/zones";

export type Step = "proof" | "account" | "nas" | "two_step";

const names: Record<Step, string> = {
	proof: "Claim this NAS",
	account: "Your account",
	nas: "Name and time",
	two_step: "2-step verification",
};

/** The first run, from a NAS that nobody owns to a signed-in administrator. */
export class FirstRun {
	step = $state<Step>("proof");
	/** A NAS that somebody owned before it was reset keeps its name and its time zone, so they are not asked for again. */
	readonly again: boolean;
	/** The button began the NAS anew, because what it knew could not be read: nothing but files is left. */
	readonly anew: boolean;
	/** The default password may be on the label of the NAS. */
	readonly label: boolean;
	readonly steps: Step[];
	/** How and when the right to claim was proved, for the picture. */
	#proof = $state.raw<{ how: string; at: number }>();
	least = $state(15);
	shown = $state("");
	name = $state("admin");
	email = $state("");
	password = $state("");
	nasName = $state("");
	zone = $state(browserZone());
	faults = $state({ display_name: "", name: "", email: "", password: "", nas_name: "", time_zone: "" });
	refusal = $state("");
	/** Another browser was faster. */
	lost = $state(false);
	busy = $state(false);

	constructor() {
		this.again = nas.data?.claim?.again ?? false;
		this.anew = nas.data?.claim?.anew ?? false;
		this.label = nas.data?.claim?.label ?? true;
		this.steps = this.again ? ["proof", "account", "two_step"] : ["proof", "account", "nas", "two_step"];
		this.nasName = nas.data?.nas_name ?? "";
		if (session.me) this.step = "two_step";
		else if (boot.step?.next === "claim") this.proved(boot.step, "");
	}

	get labels(): string[] {
		return this.steps.map((step) => names[step]);
	}

	get at(): number {
		return this.steps.indexOf(this.step);
	}

	/** How and when, in the zone that the NAS has or will have. */
	get proof(): string {
		if (!this.#proof) return "";
		return `${this.#proof.how} at ${clockTime(this.#proof.at, this.again ? clock.zone : this.zone)}`;
	}

	/** The ticket is there: somebody at the NAS is in this browser. */
	proved(step: SignInStep, how: string) {
		this.least = step.password_min ?? this.least;
		this.#proof = how ? { how, at: clock.read() } : undefined;
		this.refusal = "";
		this.step = "account";
	}

	/** Checks the account; true when it can be left. */
	accountDone(): boolean {
		this.name = this.name.trim();
		this.faults = {
			...this.faults,
			display_name: "",
			name: userNameFault(this.name),
			email: emailFault(this.email.trim()),
			password: passwordFault(this.password, this.least),
		};
		const { name, email, password } = this.faults;
		return !(name || email || password);
	}

	nasDone(): boolean {
		this.nasName = this.nasName.trim();
		this.faults = { ...this.faults, nas_name: nasNameFault(this.nasName), time_zone: "" };
		return !this.faults.nas_name;
	}

	/** Makes the account and signs in. */
	async claim() {
		if (this.busy) return;
		this.busy = true;
		this.refusal = "";
		try {
			await api.post("/claim", {
				name: this.name,
				display_name: this.shown.trim(),
				email: this.email.trim(),
				password: this.password,
				...(this.again ? {} : { nas_name: this.nasName, time_zone: this.zone }),
			});
			this.password = "";
			await boot.claimed();
			this.step = "two_step";
		} catch (thrown) {
			this.#refuse(thrown);
		} finally {
			this.busy = false;
		}
	}

	#refuse(thrown: unknown) {
		const problem = asProblem(thrown);
		if (problem.code === "conflict" && problem.fields.length === 0) this.lost = true;
		if (problem.code === "sign_in_expired") this.step = "proof";
		const faults = { ...this.faults };
		for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = problem.field(name);
		this.faults = faults;
		if (faults.display_name || faults.name || faults.email || faults.password) this.step = "account";
		this.refusal = problem.beside(...Object.keys(faults));
	}
}
