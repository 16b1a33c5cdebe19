import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium as engine } from "playwright-core";
import { flags } from "./browser";
import { chromium, found } from "./needs";

const run = promisify(execFile);
const script = new URL("lan.sh", import.meta.url).pathname;

/** What there is in a network. */
export interface Place {
	/** What sets up the network of the box. */
	service: "networkd" | "NetworkManager" | "none";
	/** Nobody says where the router is. */
	routerless?: boolean;
	/** A name that another machine has already. */
	neighbour?: string;
}

/** A network in namespaces of its own, with a box and, behind its cable, a router that is the machine of the browser, too. */
export class Lan {
	/** What DHCP gives the box. */
	readonly leased = "192.0.2.50";
	readonly #folder: string;
	readonly #process: ChildProcess;
	readonly #pid: string;

	private constructor(folder: string, process: ChildProcess, pid: string) {
		this.#folder = folder;
		this.#process = process;
		this.#pid = pid;
	}

	static async start({ service, routerless, neighbour }: Place): Promise<Lan> {
		const folder = await mkdtemp(join(tmpdir(), "castellan-lan-"));
		await chmod(folder, 0o755); // the service may run as another user
		const apart = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
		const env = { ...process.env, ROUTERLESS: routerless ? "1" : "", NEIGHBOUR: neighbour ?? "" };
		const child = spawn("unshare", [...apart, "sh", script, service, folder], { env });
		const said: string[] = [];
		child.stderr.on("data", (text) => said.push(`${text}`));
		await new Promise<void>((done, failed) => {
			child.stdout.on("data", (text) => {
				said.push(`${text}`);
				if (/^ready$/m.test(said.join(""))) done();
			});
			child.once("exit", () => failed(new Error(`the network ended:\n${said.join("")}`)));
		});
		return new Lan(folder, child, `${await inner(child)}`);
	}

	/** Has a program run as the box; its environment knows the bus of the box. */
	inside(line: readonly string[]): { line: string[]; env: NodeJS.ProcessEnv } {
		const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${join(this.#folder, "bus")}` };
		return { line: ["nsenter", "-t", this.#pid, "--net", "--mount", "--pid", "--", ...line], env };
	}

	/** Runs a command in the box and returns what it prints. */
	async box(...words: string[]): Promise<string> {
		const { line, env } = this.inside(words);
		const [program, ...rest] = line;
		return (await run(`${program}`, rest, { env })).stdout;
	}

	/** The same behind the cable. */
	router = (...words: string[]) => this.box("ip", "netns", "exec", "router", ...words);

	/** A browser behind the cable; it is steered through a pipe. */
	async launch(): Promise<Browser> {
		const wrapper = join(this.#folder, "browser");
		const { line } = this.inside(["ip", "netns", "exec", "router", `${found(chromium)}`]);
		await writeFile(wrapper, `#!/bin/sh\nexec ${line.join(" ")} "$@"\n`, { mode: 0o755 });
		return engine.launch({ executablePath: wrapper, args: flags });
	}

	async stop() {
		this.#process.kill("SIGKILL");
		if (this.#process.exitCode === null && this.#process.signalCode === null)
			await once(this.#process, "exit");
		await rm(this.#folder, { recursive: true, force: true });
	}
}

/** The process that a command forked to enter a namespace of processes: the one that does the work, and hears signals. */
export async function inner(outer: ChildProcess): Promise<number> {
	const children = await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8");
	return Number.parseInt(children, 10);
}
