import { type APIRequestContext, request } from "playwright-core";
import type { components } from "../src/api/schema";
import type { Mta } from "./mta";
import { Phone } from "./phone";

type Schemas = components["schemas"];

interface Answers {
	"/status": Schemas["Status"];
	"/me": Schemas["Me"];
	"/events": Schemas["EventPage"];
	"/users": Schemas["UserPage"];
	"/me/two-step": Schemas["TwoStep"];
	"/policy": Schemas["Policy"];
}

/** The NAS that is spoken to. */
export interface Box {
	readonly address: string;
	/** How far network time is ahead of this machine, in milliseconds. */
	readonly ahead: number;
	defaultPassword(): Promise<string>;
	remove(): Promise<void>;
}

/** Somebody who speaks to the NAS without a browser: to set the scene, and to look behind it. */
export class Remote {
	readonly #context: APIRequestContext;
	readonly #nas: Box;
	readonly #others: Remote[] = [];
	#token = "";
	/** The recovery codes that came with the first way in. */
	codes: string[] = [];

	private constructor(nas: Box, context: APIRequestContext) {
		this.#nas = nas;
		this.#context = context;
	}

	static async to(nas: Box): Promise<Remote> {
		const context = await request.newContext({
			baseURL: nas.address,
			ignoreHTTPSErrors: true,
			extraHTTPHeaders: { Origin: nas.address },
		});
		return new Remote(nas, context);
	}

	async leave() {
		await Promise.all(this.#others.map((one) => one.leave()));
		await this.#context.dispose();
	}

	get<P extends keyof Answers>(path: P): Promise<Answers[P]> {
		return this.#ask("GET", path) as Promise<Answers[P]>;
	}

	/** Whether a cookie that was seen elsewhere opens the NAS. */
	async opens(cookie: string): Promise<boolean> {
		const answer = await this.#context.get("/api/v1/session", { headers: { Cookie: cookie } });
		return answer.ok();
	}

	/** Claims a NAS that nobody owns, for an administrator who puts 2-step verification off. */
	async claim(owner: Owner = marta) {
		await this.#ask("POST", "/sign-in", { name: "admin", password: await this.#nas.defaultPassword() });
		await this.#ask("POST", "/claim", owner);
		await this.#ask("POST", "/me/two-step/later");
	}

	async signIn(name: string, password: string) {
		await this.#ask("POST", "/sign-in", { name, password });
	}

	/** Tries to get in with a wrong password, in a browser that gives itself a name. */
	async fail(name: string, agent: string) {
		const answer = await this.#context.post("/api/v1/sign-in", {
			data: { name, password: "wrong" },
			headers: { "User-Agent": agent },
		});
		if (answer.status() !== 401) throw new Error(`sign-in as ${name}: ${answer.status()}`);
	}

	/** Adds somebody and returns their temporary password. */
	async invite(person: Omit<Person, "password">, role: Schemas["Role"] = "user"): Promise<string> {
		const { name, display_name, email = "" } = person;
		const added = await this.#ask("POST", "/users", { name, display_name, email, role });
		return (added as Schemas["TemporaryPassword"]).password;
	}

	/** Sets a password with a link out of a mail. */
	async follow(link: string, password: string) {
		await this.#ask("POST", "/password-link/password", { link, password });
	}

	/** Asks for the mail of whoever forgot. */
	async forget(email: string) {
		await this.#ask("POST", "/forgotten", { email });
	}

	/** Adds somebody who has chosen a password of their own already. */
	async add(person: Person, role: Schemas["Role"] = "user") {
		const temporary = await this.invite(person, role);
		const they = await Remote.to(this.#nas);
		this.#others.push(they);
		await they.signIn(person.name, temporary);
		await they.#ask("POST", "/sign-in/password", { password: person.password });
		return they;
	}

	/** Leaves the desktop of whoever is signed in here so, for the browser that comes next. */
	async arrange(desktop: Schemas["Desktop"]) {
		await this.#ask("PUT", "/me/desktop", desktop);
	}

	/** Turns 2-step verification on for whoever is signed in here. */
	async enrol(device = "Phone"): Promise<Phone> {
		const made = (await this.#ask("POST", "/me/two-step/devices", { name: device })) as Schemas["Enrolment"];
		const phone = new Phone(made.secret, this.#nas.ahead);
		const path = `/me/two-step/devices/${made.id}/confirmation`;
		await this.#ask("POST", path, { code: await phone.fresh(), saved: true });
		this.codes = made.recovery_codes ?? this.codes;
		return phone;
	}

	/** Has the NAS send mail through a server, and confirms one's own address if there is one. */
	async mailThrough(mta: Mta, address?: string) {
		await this.#ask("PUT", "/mail", mta.settings);
		if (!address) return;
		await this.#ask("PUT", "/me/email", { email: address });
		await this.#ask("POST", "/me/email/confirmation", { code: await mta.code(address) });
		await this.#ask("GET", "/session");
	}

	/** Turns codes by e-mail on as a way in, for whoever is signed in here. */
	async enrolEmail(mta: Mta, address: string) {
		const before = (await mta.mails(address)).filter(({ text }) => /^ {4}\d{6}\r?$/m.test(text)).length;
		const made = (await this.#ask("POST", "/me/two-step/email")) as Schemas["EmailEnrolment"];
		const code = await mta.code(address, before + 1);
		await this.#ask("POST", "/me/two-step/email/confirmation", { code, saved: true });
		this.codes = made.recovery_codes ?? this.codes;
	}

	/** Signs in with a recovery code. */
	async recover({ name, password }: Pick<Person, "name" | "password">, code: string) {
		await this.signIn(name, password);
		await this.#ask("POST", "/sign-in/code", { way: "recovery", code });
	}

	async demand(policy: Schemas["Policy"]) {
		await this.#ask("PUT", "/policy", policy);
	}

	async #ask(method: string, path: string, data?: unknown): Promise<unknown> {
		const answer = await this.#context.fetch(`/api/v1${path}`, {
			method,
			data,
			headers: this.#token ? { "Castellan-Token": this.#token } : {},
		});
		if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
		if (answer.status() === 204) return undefined;
		const body = await answer.json();
		if (typeof body.token === "string") this.#token = body.token;
		return body;
	}
}

export interface Person {
	name: string;
	display_name: string;
	email?: string;
	password: string;
}

export interface Owner extends Person {
	nas_name: string;
	time_zone: string;
}

/** The administrator of most stories. */
export const marta: Owner = {
	name: "marta",
	display_name: "Marta Lind",
	email: "marta@lind.example",
	password: "kestrel lagoon amber winter",
	nas_name: "attic-nas",
	time_zone: "Europe/Berlin",
};

export const ines: Person = {
	name: "ines",
	display_name: "Inês Duarte",
	email: "ines@duarte.example",
	password: "quiet harbour seven lanterns",
};
