import { api } from "../api/client";
import type { Me, Session } from "../api/types";

/** The reset of which the person was told. */
const told = "castellan-reset-told";

/** Who is signed in on this browser, and until when. */
class SignedIn {
	me = $state.raw<Me>();
	/** The policy wants 2-step verification first; nothing else answers until it is on. */
	mustEnrol = $state(false);
	/** Whoever has just claimed the NAS may put that off, for everybody. */
	mayPostpone = $state(false);
	/** When the reset button restored the administrator's defaults, where this person has not been told; else nothing. */
	resetAt = $state("");
	/** A recovery code was used, or a press of the button: the password alone is proof for mending the ways in. */
	repair = $state(false);
	/** Somebody came in by a press of the button and had to set up a way in first: what they lost can be removed next. */
	mending = $state(false);
	/** performance.now() when the session ends unless something is done, and when it ends in any case. */
	#idleAt = $state(0);
	#endsAt = $state(0);

	readonly administrator = $derived(this.me?.role === "administrator");
	/** The name a person is greeted by. */
	readonly shown = $derived(this.me?.display_name || this.me?.name || "");

	take(session: Session) {
		const now = performance.now();
		this.me = session.me;
		this.mustEnrol = session.must_enrol;
		this.mayPostpone = session.may_postpone;
		this.repair = session.repair;
		if (session.repair && session.must_enrol) this.mending = true;
		this.resetAt = session.reset_at === sessionStorage.getItem(told) ? "" : (session.reset_at ?? "");
		this.#idleAt = now + session.idle_in * 1000;
		this.#endsAt = now + session.ends_in * 1000;
	}

	/** The person has read of the reset, and is not told again in this session, also after a new load of the page. */
	heard() {
		sessionStorage.setItem(told, this.resetAt);
		this.resetAt = "";
	}

	/** Asks who is signed in and renews the token, without keeping the session alive. */
	refresh = async (quiet = false): Promise<Session> => {
		const session = await api.get("/session", { quiet });
		this.take(session);
		return session;
	};

	/** Counts as activity, so it puts the idle end off. */
	stay = async () => {
		this.me = await api.get("/me");
		await this.refresh();
	};

	/** Seconds left, and whether staying is still possible. */
	left(now: number): { seconds: number; extendable: boolean } {
		const extendable = this.#idleAt < this.#endsAt;
		return { seconds: (Math.min(this.#idleAt, this.#endsAt) - now) / 1000, extendable };
	}

	forget() {
		this.me = undefined;
		this.mustEnrol = false;
		this.mayPostpone = false;
		this.repair = false;
		this.mending = false;
		this.resetAt = "";
		sessionStorage.removeItem(told);
	}
}

export const session = new SignedIn();
