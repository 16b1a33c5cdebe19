import { api, type Hooks } from "./api/client";
import { asProblem } from "./api/problem";
import type { SignInStep, Status } from "./api/types";
import { session } from "./session/session.svelte";
import { stepUp } from "./session/stepup.svelte";
import { nas } from "./status.svelte";
import { theme } from "./theme.svelte";

export type Stage = "loading" | "no_contact" | "recovery" | "claim" | "sign_in" | "enrol" | "desktop";

const firstRun = "castellan-first-run";

/** Which of the few pages stands in the browser, and how one leads to the next. */
class Boot implements Hooks {
	stage = $state<Stage>("loading");
	/** The step a half signed-in browser has to take. */
	step = $state.raw<SignInStep>();
	/** This browser waits for a press of the button already. */
	waiting = false;
	/** A sentence for the sign-in page, said once. */
	said = $state("");
	/** The sign-in page asks for the address of whoever forgot their name or password. */
	forgotten = $state(false);
	/** Somebody has just signed in on this page. */
	fresh = false;
	/** The user name that stands on the sign-in page already, once. */
	named = "";

	#starting: Promise<void> | undefined;
	/** Somebody is signing out here: what is refused meanwhile is no news. */
	#leaving = false;

	/** Finds out where this browser stands; several who ask at once get one answer. */
	start = (): Promise<void> => {
		this.#starting ??= this.#begin().finally(() => {
			this.#starting = undefined;
		});
		return this.#starting;
	};

	async #begin(): Promise<void> {
		try {
			const { state, visitor } = await nas.reload();
			if (state === "recovery_required") this.stage = "recovery";
			else if (state === "unclaimed") await this.#claim(visitor);
			else await this.#enter(visitor);
		} catch (thrown) {
			if (asProblem(thrown).code === "recovery_required") this.stage = "recovery";
			else this.stage = "no_contact";
		}
	}

	/** Takes up the claim where this browser left it, also when the page was loaded again. */
	async #claim(visitor: Status["visitor"]) {
		const wait =
			visitor === "waiting" ? await unlessGone(() => api.get("/claim/button", { quiet: true })) : undefined;
		this.waiting = wait?.state === "waiting";
		this.step = visitor === "half_way" || wait?.state === "confirmed" ? await halfWay() : undefined;
		this.stage = "claim";
	}

	async #enter(visitor: Status["visitor"]) {
		if (visitor === "signed_in" && (await unlessGone(() => session.refresh(true)))) {
			// The last step of the first run belongs to a session already, so a reload comes back to it.
			if (sessionStorage.getItem(firstRun)) this.stage = "claim";
			else this.arrive();
			return;
		}
		this.step = visitor === "half_way" ? await halfWay() : undefined;
		this.stage = "sign_in";
	}

	/** Leaves a page that no longer suits what became of the NAS or of the session, for example after a reset. */
	suit({ state, visitor }: Pick<Status, "state" | "visitor">) {
		if (this.#starting || this.#leaving || !["sign_in", "enrol", "desktop"].includes(this.stage)) return;
		if (state === "unclaimed") this.unclaimed();
		else if (state === "recovery_required") this.recovery();
		// Somebody ended the session from elsewhere: the NAS says so to whoever asks with its cookie.
		else if (this.stage !== "sign_in" && visitor !== "signed_in") session.refresh().catch(() => undefined);
	}

	/** Follows the answer of a sign-in step. */
	async follow(step: SignInStep) {
		if (step.next === "done") {
			await session.refresh();
			this.step = undefined;
			this.said = "";
			this.fresh = true;
			this.arrive();
			return;
		}
		this.step = step;
		this.stage = step.next === "claim" ? "claim" : "sign_in";
	}

	/** The NAS has an owner now: the session is there, and one step of the first run is left. */
	async claimed() {
		sessionStorage.setItem(firstRun, "1");
		await session.refresh();
		this.step = undefined;
	}

	firstRunDone() {
		sessionStorage.removeItem(firstRun);
		this.arrive();
	}

	/** Shows what a signed-in person may use: the desktop, or first the way to what the policy wants. */
	arrive() {
		this.stage = session.mustEnrol ? "enrol" : "desktop";
	}

	/** Shows the page for a forgotten name or password, also to a browser that is signed in. */
	forget() {
		this.step = undefined;
		this.said = "";
		this.forgotten = true;
		this.stage = "sign_in";
	}

	/** Back to the first page of sign-in, with a reason. */
	again(reason: string) {
		stepUp.close(false);
		this.step = undefined;
		this.forgotten = false;
		this.said = reason;
		this.stage = "sign_in";
	}

	/** Throws when the session may still be there: nobody is told of having left who has not. */
	async signOut() {
		this.#leaving = true;
		try {
			await api.delete("/session", { quiet: true });
		} catch (thrown) {
			const { code } = asProblem(thrown);
			if (code !== "signed_out" && code !== "unclaimed") throw thrown;
		} finally {
			this.#leaving = false;
		}
		sessionStorage.removeItem(firstRun);
		theme.remember();
		session.forget();
		this.again("You are signed out.");
	}

	// What the client calls when an answer concerns the whole page.

	stepUp = (password?: string) => stepUp.ask(password);

	signedOut(why: string) {
		if (this.#leaving || !["desktop", "enrol", "claim"].includes(this.stage)) return;
		session.forget();
		sessionStorage.removeItem(firstRun);
		this.again(why);
	}

	unclaimed() {
		stepUp.close(false);
		session.forget();
		sessionStorage.removeItem(firstRun);
		this.stage = "loading";
		this.start();
	}

	recovery() {
		if (this.stage !== "recovery") this.start();
	}

	/** The NAS has a page of its own for an address that is blocked. */
	blocked() {
		location.reload();
	}

	/** The policy changed, or the last way in was removed elsewhere. */
	enrol() {
		if (this.stage === "desktop") session.refresh().catch(() => undefined);
	}

	contact(there: boolean) {
		nas.contact(there);
	}
}

/** The answer to a cookie that the NAS knew a moment ago, or nothing when it lapsed meanwhile. */
async function unlessGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
	try {
		return await ask();
	} catch (thrown) {
		const { status } = asProblem(thrown);
		if (status === 401 || status === 410) return undefined;
		throw thrown;
	}
}

const halfWay = () => unlessGone(() => api.get("/sign-in", { quiet: true }));

export const boot = new Boot();
api.use(boot);
