import { api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { Mail, MailValues } from "../../api/types";
import { emailFault } from "../../parts/forms";
import { presetOf, presets } from "./presets";

const empty = {
	host: "",
	port: "",
	user: "",
	password: "",
	sender: "",
	authority: "",
	fingerprint: "",
	to: "",
};

/** The form for the mail server, and what the NAS keeps of it. */
export class MailForm {
	kept = $state.raw<Mail>();
	preset = $state("own");
	host = $state("");
	port = $state("465");
	security = $state<MailValues["security"]>("tls");
	user = $state("");
	password = $state("");
	sender = $state("");
	authority = $state("");
	fingerprint = $state("");
	faults = $state({ ...empty });
	refusal = $state("");

	take = (mail: Mail) => {
		this.kept = mail;
		this.host = mail.host;
		this.port = String(mail.port || 465);
		this.security = mail.security;
		this.user = mail.user;
		this.password = "";
		this.sender = mail.sender;
		this.authority = mail.authority;
		this.fingerprint = mail.fingerprint;
		this.preset = presetOf(mail.host);
		this.clear();
	};

	/** The password that the NAS has goes to the very server and user it was given for, and nowhere else. */
	readonly keeps = $derived(
		Boolean(this.kept?.has_password) &&
			this.host.trim() === this.kept?.host &&
			this.port === String(this.kept?.port) &&
			this.security === this.kept?.security &&
			this.user.trim() === this.kept?.user &&
			this.authority.trim() === this.kept?.authority &&
			this.fingerprint.trim() === this.kept?.fingerprint,
	);

	readonly hint = $derived(presets.find((preset) => preset.id === this.preset)?.hint ?? "");

	readonly dirty = $derived.by(() => {
		const { kept } = this;
		if (!kept) return false;
		return (
			this.host.trim() !== kept.host ||
			this.port !== String(kept.port || 465) ||
			this.security !== kept.security ||
			this.user.trim() !== kept.user ||
			this.password !== "" ||
			this.sender.trim() !== kept.sender ||
			this.authority.trim() !== kept.authority.trim() ||
			this.fingerprint.trim() !== kept.fingerprint
		);
	});

	/** Fills in what is known of a provider. */
	choose(id: string) {
		this.preset = id;
		const server = presets.find((preset) => preset.id === id)?.server;
		if (!server) return;
		this.host = server.host;
		this.port = String(server.port);
		this.security = server.security;
		this.authority = "";
		this.fingerprint = "";
		this.clear();
	}

	/** Port 465 speaks TLS from the first byte, the others begin in the clear. */
	turnPort() {
		this.security = this.port === "465" ? "tls" : "starttls";
	}

	values(): MailValues {
		const values: MailValues = {
			host: this.host.trim(),
			port: Number(this.port),
			security: this.security,
			user: this.user.trim(),
			sender: this.sender.trim(),
			authority: this.authority.trim(),
			fingerprint: this.fingerprint.trim(),
		};
		// Left out, the kept one stays.
		if (this.password !== "" || !this.keeps) values.password = this.password;
		return values;
	}

	clear() {
		this.faults = { ...empty };
		this.refusal = "";
	}

	/** Looks at what was entered before anything is sent. */
	check(): boolean {
		this.clear();
		if (!this.host.trim()) this.faults.host = "Enter the name of the mail server.";
		this.faults.sender = this.sender.trim()
			? emailFault(this.sender.trim())
			: "Enter the address that mails come from.";
		if (this.user.trim() && !this.password && !this.keeps)
			this.faults.password = "Enter the password for this server and user.";
		return !this.faults.host && !this.faults.sender && !this.faults.password;
	}

	async save(): Promise<boolean> {
		if (!this.check()) return false;
		try {
			this.take(await api.put("/mail", this.values()));
			return true;
		} catch (thrown) {
			this.refuse(asProblem(thrown));
			return false;
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
