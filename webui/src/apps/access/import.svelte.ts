import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { PeopleLine } from "../../api/types";

/** The most that the NAS reads at a time, in characters. */
const most = 60_000;

/** What became of a line. */
export interface Entry extends PeopleLine {
	state: "waiting" | "left_out" | "adding" | "added" | "failed";
	/** Why it was not added. */
	why: string;
	/** The temporary password, where no mail could be sent. */
	password: string;
	/** How long the link or the temporary password works, in hours. */
	hours: number;
}

/** What is wrong with a single person, so that the others can still be added. */
const theirs = (problem: Problem) => problem.status === 422 || problem.status === 409;

/** A list of people on its way into the NAS: read, looked at, added one by one, reported. */
export class Import {
	stage = $state<"choose" | "look" | "adding" | "done">("choose");
	text = $state("");
	/** What is wrong with the list as a whole. */
	fault = $state("");
	busy = $state(false);
	entries = $state<Entry[]>([]);
	newGroups = $state.raw<string[]>([]);
	/** Seconds until the NAS takes the next one. */
	pause = $state(0);
	/** Why it ended before everybody was added. */
	ended = $state("");
	#stopped = $state(false);

	readonly able = $derived(this.entries.filter((one) => one.state !== "left_out"));
	readonly bad = $derived(this.entries.length - this.able.length);
	readonly added = $derived(this.entries.filter((one) => one.state === "added"));
	readonly handled = $derived(
		this.able.filter((one) => one.state === "added" || one.state === "failed").length,
	);
	readonly passwords = $derived(this.added.filter((one) => one.password));
	readonly stopping = $derived(this.#stopped && this.stage === "adding");

	/** Takes a file of the person's own computer. */
	async take(file: File) {
		this.fault = "";
		if (file.size > 4 * most) {
			this.fault = "This file is too large for a list of people. At most 500 people at a time.";
			return;
		}
		try {
			this.text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
		} catch {
			this.text = "";
			this.fault =
				"This file is no UTF-8 text. Save it again: in Excel as “CSV UTF-8”, in LibreOffice as CSV with the character set “Unicode (UTF-8)”.";
			return;
		}
		await this.read();
	}

	/** Asks what each line would do. */
	async read() {
		if (this.busy) return;
		this.fault = "";
		if (this.text.trim() === "") this.fault = "Choose a file, or write one person on each line.";
		else if (this.text.length > most) this.fault = "The list is too long. At most 500 people at a time.";
		if (this.fault) return;
		this.busy = true;
		try {
			const preview = await api.post("/users/preview", { text: this.text });
			this.entries = preview.lines.map((line) => ({
				...line,
				state: line.problem ? "left_out" : "waiting",
				why: line.problem ?? "",
				password: "",
				hours: 0,
			}));
			this.newGroups = preview.new_groups;
			this.stage = "look";
		} catch (thrown) {
			const problem = asProblem(thrown);
			this.fault = problem.field("text") || problem.message;
		} finally {
			this.busy = false;
		}
	}

	/** Adds one after the other, at the pace the NAS asks for. Where that ends before the first, the list stays to be looked at. */
	async run() {
		if (this.stage !== "look") return;
		this.stage = "adding";
		this.ended = "";
		this.#stopped = false;
		for (const entry of this.able) {
			if (this.#stopped) this.ended ||= "You stopped it.";
			if (this.ended) break;
			await this.#add(entry);
		}
		this.stage = this.handled > 0 ? "done" : "look";
	}

	/** Ends after the person that is being added. */
	stop() {
		this.#stopped = true;
	}

	async #add(entry: Entry) {
		entry.state = "adding";
		for (;;) {
			try {
				const { name, display_name, email, group } = entry;
				const made = await api.post("/users", { name, display_name, email, group, role: "user" });
				entry.password = made.password ?? "";
				entry.invited = !made.password;
				entry.hours = Math.round(made.expires_in / 3600);
				entry.state = "added";
				return;
			} catch (thrown) {
				const problem = asProblem(thrown);
				if (problem.retryIn > 0) {
					await this.#wait(problem.retryIn);
					if (!this.#stopped) continue;
				}
				if (this.#stopped && problem.retryIn > 0) entry.state = "waiting";
				else this.#refuse(entry, problem);
				return;
			}
		}
	}

	#refuse(entry: Entry, problem: Problem) {
		if (theirs(problem)) {
			entry.state = "failed";
			entry.why = problem.fields[0]?.detail ?? problem.message;
			return;
		}
		// Nobody knows whether a question was heard that got no answer, so it is not asked twice.
		const unsure = problem.status === 0 && problem.code !== "cancelled";
		entry.state = unsure ? "failed" : "waiting";
		entry.why = unsure ? "No answer came. Look in the list of users whether this person was added." : "";
		this.ended = problem.code === "cancelled" ? "You stopped it." : problem.message;
	}

	async #wait(seconds: number) {
		for (this.pause = Math.ceil(seconds); this.pause > 0 && !this.#stopped; this.pause--)
			await new Promise((done) => setTimeout(done, 1000));
		this.pause = 0;
	}
}
