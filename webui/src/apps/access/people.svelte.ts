import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { User } from "../../api/types";
import { locale } from "../../time/format";

export type SortKey = "user" | "role" | "two_step" | "state" | "last";

/** The accounts of the NAS, page after page, as far as they match a search. */
export class People {
	users = $state.raw<User[]>();
	total = $state(0);
	problem = $state.raw<Problem>();
	loading = $state(false);
	#search = "";
	#next = $state("");
	#turn = 0;

	readonly more = $derived(this.#next !== "");

	/** Starts over with a search; an answer to an older one is dropped. */
	async find(search: string) {
		this.#search = search;
		await this.#load("");
	}

	reload = () => this.#load("");

	next = () => this.#load(this.#next);

	async #load(after: string) {
		const turn = ++this.#turn;
		this.loading = true;
		try {
			const page = await api.get("/users", { query: { search: this.#search, after } });
			if (turn !== this.#turn) return;
			this.users = after ? [...(this.users ?? []), ...page.users] : page.users;
			this.total = page.total;
			this.#next = page.next ?? "";
			this.problem = undefined;
		} catch (thrown) {
			if (turn === this.#turn) this.problem = asProblem(thrown);
		} finally {
			if (turn === this.#turn) this.loading = false;
		}
	}

	/** Takes the answer to a change. */
	put(user: User) {
		const known = this.users?.some((one) => one.id === user.id);
		if (known) this.renew(user);
		else {
			this.users = [...(this.users ?? []), user].sort((a, b) => a.name.localeCompare(b.name, locale));
			this.total++;
		}
	}

	/** Takes what is known of a user now, where the list has them. */
	renew(user: User) {
		this.users = this.users?.map((one) => (one.id === user.id ? user : one));
	}

	drop(user: User) {
		this.users = this.users?.filter((one) => one.id !== user.id);
		this.total--;
	}
}

/** What an administrator is asked about before it is done to somebody's account. */
export type Question = "two_step" | "password" | "invite" | "delete";

export interface State {
	level: "ok" | "warn" | "off";
	word: string;
}

export function stateOf(user: User): State {
	if (user.disabled) return { level: "off", word: "Turned off" };
	if (user.new && user.invitation === "sent") return { level: "warn", word: "Invited" };
	if (user.new && user.invitation === "lapsed") return { level: "warn", word: "Invitation lapsed" };
	if (user.waiting) return { level: "warn", word: "Temporary password" };
	return { level: "ok", word: "Active" };
}

/** What is known of somebody's password. */
export function passwordOf(user: User): string {
	const link = user.invitation === "sent" ? "An invitation was mailed." : "The invitation has lapsed.";
	if (user.new) return user.invitation ? `Not chosen yet. ${link}` : "Not chosen yet.";
	const own = user.waiting ? "A temporary one waits to be replaced." : "Chosen by its owner.";
	return user.invitation === "sent" ? `${own} A link for a new one was mailed.` : own;
}

/** How somebody's 2-step verification stands, also against the policy. */
export function twoStepOf(user: User): State {
	if (user.two_step) return { level: "ok", word: "On" };
	if (user.demanded) return { level: "warn", word: "Must turn it on" };
	return { level: "off", word: "Off" };
}

export const roleName = { administrator: "Administrator", user: "User" };

export const shown = (user: { name: string; display_name: string }) => user.display_name || user.name;

const sortValues: Record<SortKey, (user: User) => string> = {
	user: (user) => shown(user),
	role: (user) => user.role,
	two_step: (user) => (user.two_step ? "0" : user.demanded ? "1" : "2"),
	state: (user) => stateOf(user).word,
	last: (user) => user.last_sign_in ?? "",
};

export function sorted(users: User[], sort: { key: SortKey; down: boolean }): User[] {
	const value = sortValues[sort.key];
	const sign = sort.down ? -1 : 1;
	return [...users].sort(
		(a, b) => sign * value(a).localeCompare(value(b), locale) || shown(a).localeCompare(shown(b), locale),
	);
}
