import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { Syslog, SyslogValues } from "../../api/types";

const empty = { host: "", port: "", authority: "", fingerprint: "" };

/** The form for the syslog server, and what the NAS keeps of it. */
export class SyslogForm {
	kept = $state.raw<Syslog>();
	host = $state("");
	port = $state("6514");
	authority = $state("");
	fingerprint = $state("");
	faults = $state({ ...empty });
	refusal = $state("");

	take = (server: Syslog) => {
		this.kept = server;
		this.host = server.host;
		this.port = String(server.port);
		this.authority = server.authority;
		this.fingerprint = server.fingerprint;
		this.clear();
	};

	readonly dirty = $derived.by(() => {
		const { kept } = this;
		if (!kept) return false;
		return (
			this.host.trim() !== kept.host ||
			this.port !== String(kept.port) ||
			this.authority.trim() !== kept.authority.trim() ||
			this.fingerprint.trim() !== kept.fingerprint
		);
	});

	values(): SyslogValues {
		return {
			host: this.host.trim(),
			port: Number(this.port),
			authority: this.authority.trim(),
			fingerprint: this.fingerprint.trim(),
		};
	}

	clear() {
		this.faults = { ...empty };
		this.refusal = "";
	}

	/** Looks at what was entered before anything is sent. */
	check(): boolean {
		this.clear();
		if (!this.host.trim()) this.faults.host = "Enter the name of the syslog server.";
		return !this.faults.host;
	}

	async save(): Promise<boolean> {
		if (!this.check()) return false;
		try {
			this.take(await api.put("/syslog", this.values()));
			return true;
		} catch (thrown) {
			this.refuse(asProblem(thrown));
			return false;
		}
	}

	/** Sends a line with what was entered; nothing when that was refused before. */
	async try(): Promise<{ taken: boolean; detail: string } | undefined> {
		if (!this.check()) return undefined;
		try {
			return await api.post("/syslog/test", this.values());
		} catch (thrown) {
			this.refuse(asProblem(thrown));
			return undefined;
		}
	}

	refuse(problem: Problem) {
		const faults = { ...empty };
		const names = Object.keys(faults) as (keyof typeof faults)[];
		for (const name of names) faults[name] = problem.field(name);
		this.faults = faults;
		this.refusal = problem.code === "cancelled" ? "" : problem.beside(...names);
	}
}
