import { api } from "../api/client";
import { asProblem } from "../api/problem";
import type { CodeSent, Device, EmailWay, Enrolment, TwoStep, TwoStepChanged } from "../api/types";
import { codeLength } from "../parts/code";
import { session } from "../session/session.svelte";
import { nas } from "../status.svelte";
import { Wait } from "../time/wait.svelte";
import { Mailed } from "../ways/mailed.svelte";
import { firstName, freeName } from "./name";

export type Step = "way" | "codes" | "connect" | "done";

/** For how many seconds the NAS waits for the first right code. */
const enrolmentLife = 600;

/** The way to another way in, wherever it is walked: in the wizard, in the first run, or from the list of devices. */
export class Setup {
	step = $state<Step>("way");
	/** 2-step verification was on before: another way in is added. */
	readonly added = session.me?.two_step === true;
	way = $state<"app" | "email">("app");
	/** Whether codes by e-mail can be had, and why not. */
	email = $state.raw<EmailWay>();
	enrolment = $state.raw<Enrolment>();
	/** Shown this once; none when 2-step verification is on already. */
	codes = $state.raw<readonly string[]>([]);
	saved = $state(false);
	/** The codes are others than a moment ago. */
	replaced = $state(false);
	name = $state("");
	/** The NAS refused the name that was chosen for the person, so they are asked for one. */
	asksName = $state(false);
	code = $state("");
	codeFault = $state("");
	nameFault = $state("");
	refusal = $state("");
	/** The key is no longer valid; the step must be started anew. */
	lapsed = $state(false);
	busy = $state(false);
	result = $state.raw<TwoStepChanged>();
	readonly wait = new Wait();
	readonly mailed = new Mailed(() => this.#mail());
	/** The ways in that are there already, once the NAS told. */
	#there = $state.raw<TwoStep>();
	/** The person named the device before. */
	readonly #named: boolean;
	/** What was begun on the NAS and not confirmed. */
	#begun = $state<"" | "app" | "email">("");
	#lapse: ReturnType<typeof setTimeout> | undefined;

	/** Whether an app's codes can be checked at all is a matter of the clock. */
	readonly clock = $derived(nas.data?.clock);
	readonly untrusted = $derived(this.clock !== undefined && !this.clock.trusted);
	/** An administrator sets the time by hand, in a dialog over the wizard. */
	settingTime = $state(false);
	/** The same for the network, which comes before the time. */
	settingNetwork = $state(false);

	readonly steps: readonly Step[] = $derived(
		(this.#begun || this.added) && this.codes.length === 0
			? ["way", "connect", "done"]
			: ["way", "codes", "connect", "done"],
	);
	readonly at = $derived(this.steps.indexOf(this.step));
	/** Something was begun that leaving throws away. */
	readonly pending = $derived(this.#begun !== "" && !this.lapsed);

	/** The devices that are on already. */
	get devices(): readonly Device[] {
		return this.#there?.devices ?? [];
	}

	get #most(): boolean {
		return this.#there !== undefined && this.devices.length >= this.#there.most_devices;
	}

	/** One whose codes are no longer accepted: where there are as many as there may be, the new one takes its place. */
	get instead(): string | undefined {
		return this.#most ? this.devices.find((device) => device.set_up_again)?.name : undefined;
	}

	/** No device can be added before another one was removed. */
	get full(): boolean {
		return this.#most && this.instead === undefined;
	}

	/** A device that has its name already is one for the list of devices; otherwise one is chosen that is free. */
	constructor(name?: string) {
		this.#named = name !== undefined;
		this.name = name ?? firstName(session.shown);
	}

	/** Finds out which ways there are to choose from. */
	load = async () => {
		this.take(await api.get("/me/two-step"));
	};

	/** Takes the ways in as they are now. */
	take(there: TwoStep) {
		this.#there = there;
		this.email = there.email;
		// The answer may come when the page is gone, and what is derived with it.
		const pending = this.#begun !== "" && !this.lapsed;
		if (this.#named || this.asksName || pending) return;
		const taken = there.devices.map(({ name }) => name);
		this.name = this.instead ?? freeName(firstName(session.shown), taken);
	}

	/** Begins with the chosen way, unless that is begun and still holds. */
	async begin(): Promise<void> {
		if (this.pending && this.#begun === this.way) {
			this.#forward();
			return;
		}
		if (this.way === "email") await this.#while(() => this.#beginEmail());
		else await this.#while(() => this.#beginApp());
	}

	async #beginApp() {
		// The name that is chosen for the person may be the one of the device they lost.
		if (this.added && !this.#named && !this.#there) await this.load();
		if (this.full) return;
		const enrolment = await api.post("/me/two-step/devices", { name: this.name.trim() || "Phone" });
		this.enrolment = enrolment;
		this.#started("app", enrolment.recovery_codes, enrolment.expires_in);
	}

	async #beginEmail() {
		// Without regard to the countdown: a code that was sent a moment ago counts still.
		this.mailed.take(await this.#mail());
	}

	async #mail(): Promise<CodeSent> {
		const { sent, recovery_codes } = await api.post("/me/two-step/email");
		this.enrolment = undefined;
		this.#started("email", recovery_codes, sent.expires_in || enrolmentLife);
		return sent;
	}

	/** Asks for another code by e-mail. */
	resend = async () => {
		await this.mailed.send();
	};

	#started(way: "app" | "email", codes: readonly string[] | undefined, expires: number) {
		// Asked again for the same way, the NAS keeps the codes it gave: they may be saved already.
		const kept = codes === undefined && this.#begun === way;
		this.replaced = this.codes.length > 0 && codes !== undefined;
		if (!kept) {
			this.codes = codes ?? [];
			this.saved = false;
		}
		this.code = "";
		this.codeFault = "";
		this.lapsed = false;
		this.#begun = way;
		clearTimeout(this.#lapse);
		this.#lapse = setTimeout(() => (this.lapsed = true), expires * 1000);
		this.#forward();
	}

	#forward() {
		this.step = this.codes.length > 0 && !this.saved ? "codes" : "connect";
	}

	/** One step back; what was typed stays. */
	back() {
		this.refusal = "";
		this.step = this.step === "connect" && this.codes.length > 0 ? "codes" : "way";
	}

	/** Whether the present step can be left forwards. */
	readonly blocked = $derived.by(() => {
		if (this.step === "way")
			return this.way === "app" ? this.untrusted || !this.clock || this.full : !this.email?.available;
		if (this.step === "codes") return !this.saved;
		if (this.step === "connect")
			return this.lapsed || this.wait.left > 0 || (this.way === "email" && !this.mailed.waiting);
		return false;
	});

	/** Takes the present step. */
	async next(): Promise<void> {
		if (this.blocked) return;
		if (this.step === "way") await this.begin();
		else if (this.step === "codes") this.step = "connect";
		else if (this.step === "connect") await this.confirm();
	}

	/** Sends the first code. True when the way is on. */
	async confirm(): Promise<boolean> {
		if (!this.pending || this.wait.left > 0) return false;
		this.codeFault = this.code.length === codeLength ? "" : "Enter the six digits.";
		this.nameFault = this.way === "email" || this.name.trim() ? "" : "Give the device a name.";
		if (this.codeFault || this.nameFault) return false;
		await this.#while(async () => {
			this.result = await this.#confirmed();
			clearTimeout(this.#lapse);
			this.#begun = "";
			this.enrolment = undefined;
			this.step = "done";
			await session.refresh().catch(() => undefined);
		});
		return this.result !== undefined;
	}

	async #confirmed(): Promise<TwoStepChanged> {
		const body = { code: this.code, ...(this.codes.length > 0 ? { saved: this.saved } : {}) };
		if (!this.enrolment) return api.post("/me/two-step/email/confirmation", body);
		const { id } = this.enrolment;
		try {
			const named = { ...body, name: this.name.trim() };
			return await api.post("/me/two-step/devices/{id}/confirmation", named, { id });
		} catch (thrown) {
			// The answer to an earlier try was lost on its way.
			if (asProblem(thrown).code !== "already_confirmed") throw thrown;
			return { two_step: await api.get("/me/two-step"), sessions_ended: 0, token: "" };
		}
	}

	/** Forgets what was begun but not confirmed. */
	async cancel() {
		clearTimeout(this.#lapse);
		const begun = this.#begun;
		this.#begun = "";
		this.enrolment = undefined;
		if (begun) await api.delete("/me/two-step/enrolment").catch(() => undefined);
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
		else if (problem.code === "code_refused" || problem.code === "code_wrong")
			this.codeFault = problem.message;
		else {
			this.nameFault = problem.field("name");
			this.codeFault = problem.field("code");
			this.refusal = problem.beside("name", "code");
			if (problem.field("saved")) this.step = "codes";
			if (this.nameFault) {
				this.asksName = true;
				if (!this.pending) this.step = "way";
			}
			if (problem.code === "too_many_devices") {
				this.step = "way";
				this.load().catch(() => undefined);
			}
		}
	}
}
