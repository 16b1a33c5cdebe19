import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { Me } from "../../api/types";
import { codeLength } from "../../parts/code";
import { emailFault } from "../../parts/forms";
import { session } from "../../session/session.svelte";
import { Wait } from "../../time/wait.svelte";

/** Between two codes to one person there is a minute. */
const pause = 60;

/** One's own e-mail address, and the one that waits for its code. */
export class Address {
	email = $state("");
	fault = $state("");
	code = $state("");
	codeFault = $state("");
	refusal = $state("");
	busy = $state<"" | "saving" | "sending" | "confirming">("");
	/** Until another code can be sent. */
	readonly again = new Wait();

	constructor(me: Me | undefined) {
		this.email = me?.email ?? "";
	}

	readonly dirty = $derived(this.email.trim() !== session.me?.email);

	/** Asks for the change. True when it took effect at once, for want of a mail server. */
	async save(): Promise<boolean> {
		this.fault = emailFault(this.email.trim());
		if (this.fault) return false;
		await this.#put(this.email.trim(), "saving");
		return !this.fault && !this.refusal && session.me?.email === this.email.trim() && !session.me?.new_email;
	}

	/** Sends a code: to the address that waits, or to the present one that is not confirmed. */
	send = async () => {
		await this.#put(session.me?.new_email ?? session.me?.email ?? "", "sending");
		if (this.refusal || this.fault || session.me?.new_email || session.me?.email_confirmed) return;
		this.refusal =
			"No code was sent: this NAS has no mail server yet. An administrator sets it in Settings › Notification.";
	};

	#put(email: string, busy: "saving" | "sending"): Promise<void> {
		return this.#while(busy, async () => {
			await this.#take(api.put("/me/email", { email }));
			this.code = "";
			this.codeFault = "";
			if (session.me?.new_email) this.again.start(pause);
		});
	}

	/** True when the new address is in force. */
	async confirm(): Promise<boolean> {
		this.codeFault = this.code.length === codeLength ? "" : "Enter the six digits from the newest mail.";
		if (this.codeFault) return false;
		await this.#while("confirming", async () => {
			await this.#take(api.post("/me/email/confirmation", { code: this.code }));
			this.email = session.me?.email ?? "";
			this.code = "";
		});
		return !this.codeFault && !this.refusal;
	}

	/** Forgets the address that waits. */
	cancel = () =>
		this.#while("saving", async () => {
			await api.delete("/me/email/confirmation").catch(unlessGone);
			await session.refresh();
			this.email = session.me?.email ?? "";
			this.code = "";
			this.codeFault = "";
		});

	/** The session is another one after a change, so its token is asked for. */
	async #take(answer: Promise<Me>) {
		session.me = await answer;
		await session.refresh().catch(() => undefined);
	}

	async #while(what: "saving" | "sending" | "confirming", task: () => Promise<void>) {
		if (this.busy) return;
		this.busy = what;
		this.fault = "";
		this.refusal = "";
		try {
			await task();
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (problem.code === "slow_down") this.again.take(problem);
			if (problem.code === "cancelled") this.refusal = "";
			else if (problem.code === "code_wrong" || problem.field("code"))
				this.codeFault = problem.field("code") || problem.message;
			else {
				this.fault = problem.field("email");
				this.refusal = problem.beside("email");
			}
			// What waited may have lapsed.
			if (problem.code === "address_gone") await session.refresh().catch(() => undefined);
		} finally {
			this.busy = "";
		}
	}
}

function unlessGone(thrown: unknown) {
	if (asProblem(thrown).status !== 410) throw thrown;
}
