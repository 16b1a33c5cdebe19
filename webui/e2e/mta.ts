import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { components } from "../src/api/schema";
import { found } from "./needs";

const run = promisify(execFile);
const port = 2525;

const password = "a mail password";

/** What Exim is told: the same file that the Go tests use. */
const template = new URL("../../internal/realtest/exim.conf", import.meta.url);

async function config(folder: string, host: string): Promise<string> {
	const text = await readFile(template, "utf8");
	return text
		.replaceAll("DIR", folder)
		.replaceAll("HOST", host)
		.replaceAll("PORT", `${port}`)
		.replaceAll("PASSWORD", password);
}

/** Addresses of the loopback network that no mail server has taken yet; each worker has a range of its own. */
let last = 1 + 60 * (Number(process.env.VITEST_POOL_ID ?? 1) - 1);

export interface Mail {
	subject: string;
	/** The plain part, decoded. */
	text: string;
}

/** A real mail server on the loopback network, with a certificate of an authority of its own. */
export class Mta {
	readonly settings: components["schemas"]["MailValues"];
	readonly #folder: string;
	readonly #process: ChildProcess;

	private constructor(folder: string, host: string, authority: string, child: ChildProcess) {
		this.#folder = folder;
		this.#process = child;
		this.settings = {
			host,
			port,
			security: "starttls",
			user: "nas",
			password,
			sender: "nas@example.org",
			authority,
		};
	}

	static async start(): Promise<Mta> {
		const host = `127.0.1.${++last}`;
		const folder = await mkdtemp(join(tmpdir(), "castellan-mta-"));
		await certificate(folder, host);
		await writeFile(join(folder, "exim.conf"), await config(folder, host));
		for (const sub of ["mail", "spool", "log"]) {
			await mkdir(join(folder, sub));
			await run("chown", ["nobody:nogroup", join(folder, sub)]);
		}
		await chmod(folder, 0o755);
		const child = spawn(found("exim4") ?? "exim4", ["-C", join(folder, "exim.conf"), "-bdf"], {
			stdio: "ignore",
		});
		await answers(host);
		return new Mta(folder, host, await readFile(join(folder, "ca.pem"), "utf8"), child);
	}

	/** What has come for an address, the oldest first. */
	async mails(to: string): Promise<Mail[]> {
		const folder = join(this.#folder, "mail", "new");
		const files = await readdir(folder).catch(() => []);
		const all = await Promise.all(
			files.map(async (file) => {
				const path = join(folder, file);
				return { at: (await stat(path)).mtimeMs, mail: await readFile(path, "utf8") };
			}),
		);
		return all
			.sort((a, b) => a.at - b.at)
			.filter(
				({ mail }) => mail.includes(`\nEnvelope-to: ${to}\n`) || mail.startsWith(`Envelope-to: ${to}\n`),
			)
			.map(({ mail }) => read(mail));
	}

	/** The newest mail to an address that says something; it may be on its way still. */
	async mail(to: string, says: string): Promise<Mail> {
		for (let tries = 0; tries < 200; tries++) {
			const mail = (await this.mails(to)).findLast(({ subject, text }) =>
				`${subject}\n${text}`.includes(says),
			);
			if (mail) return mail;
			await sleep(100);
		}
		throw new Error(`no mail to ${to} says “${says}”`);
	}

	/** The newest code that came to an address, once so many did. */
	async code(to: string, count = 1): Promise<string> {
		for (let tries = 0; tries < 200; tries++) {
			const codes = (await this.mails(to))
				.map(({ text }) => text.match(/^ {4}(\d{6})\r?$/m)?.[1])
				.filter(Boolean);
			if (codes.length >= count) return `${codes.at(-1)}`;
			await sleep(100);
		}
		throw new Error(`${count} codes to ${to} did not come`);
	}

	async stop() {
		if (this.#process.exitCode === null && this.#process.kill("SIGKILL")) await once(this.#process, "exit");
		await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
	}
}

/** An authority, and a certificate of it for an address. */
async function certificate(folder: string, host: string) {
	const at = (name: string) => join(folder, name);
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	const authority = [
		"-x509",
		"-days",
		"2",
		"-subj",
		"/CN=authority of a story",
		"-addext",
		"keyUsage=keyCertSign",
	];
	await run("openssl", ["req", ...authority, ...key, "-keyout", at("ca.key"), "-out", at("ca.pem")]);
	await run("openssl", [
		"req",
		"-subj",
		`/CN=${host}`,
		...key,
		"-keyout",
		at("key.pem"),
		"-out",
		at("request.pem"),
	]);
	await writeFile(at("names"), `subjectAltName=IP:${host}\nextendedKeyUsage=serverAuth\n`);
	const signed = [
		"-days",
		"2",
		"-CA",
		at("ca.pem"),
		"-CAkey",
		at("ca.key"),
		"-CAcreateserial",
		"-extfile",
		at("names"),
	];
	await run("openssl", ["x509", "-req", "-in", at("request.pem"), ...signed, "-out", at("cert.pem")]);
	await chmod(at("key.pem"), 0o644);
}

async function answers(host: string) {
	for (let tries = 0; tries < 100; tries++) {
		const socket = connect(port, host);
		const there = await Promise.race([
			once(socket, "connect").then(() => true),
			once(socket, "error").then(() => false),
		]).catch(() => false);
		socket.destroy();
		if (there) return;
		await sleep(50);
	}
	throw new Error("the mail server does not answer");
}

/** Takes subject and plain part out of a mail. */
function read(mail: string): Mail {
	const subject = mail.match(/^Subject: (.*(?:\r?\n[ \t].*)*)/m)?.[1] ?? "";
	const part = mail.match(/Content-Type: text\/plain[\s\S]*?\r?\n\r?\n([\s\S]*?)\r?\n--/)?.[1] ?? "";
	return { subject: words(subject), text: printable(part) };
}

/** Undoes quoted-printable. */
function printable(text: string): string {
	const bytes = text
		.replace(/=\r?\n/g, "")
		.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Undoes the encoding of words in a header. */
const words = (header: string) =>
	header
		.replace(/\r?\n[ \t]/g, " ")
		.replace(/=\?utf-8\?q\?(.*?)\?=/gi, (_, word: string) => printable(word.replaceAll("_", " ")));
