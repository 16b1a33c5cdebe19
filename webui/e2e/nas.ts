import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inner, type Lan } from "./lan";
import { type Box, Remote } from "./remote";
import { TimeServer } from "./time-server";

/** The program that the stories are told of. */
export const program = process.env.CASTELLAN_BIN ?? new URL("../../bin/castellan", import.meta.url).pathname;

const run = promisify(execFile);

/** A new NAS in a folder of its own, with a simulated button as a rule, and time servers on the loopback network. */
export class Nas implements Box {
	address: string;
	readonly folder: string;
	/** How far network time is ahead of this machine, in milliseconds. */
	readonly ahead: number;
	/** Whom it asks for the time. */
	readonly time: TimeServer;
	readonly #config: string;
	#process: ChildProcess | undefined;
	/** The network that it stands in; none: that of the loopback alone. */
	#lan: Lan | undefined;

	private constructor(folder: string, port: number, time: TimeServer) {
		this.address = `https://localhost:${port}`;
		this.folder = folder;
		this.ahead = time.ahead;
		this.time = time;
		this.#config = join(folder, "castellan.toml");
	}

	/** ahead is how far network time is ahead of this machine, in milliseconds; silent: no time server answers. */
	static async start({ ahead = 0, silent = false, button = "simulated" } = {}): Promise<Nas> {
		const port = await freePort();
		const time = await TimeServer.start(ahead);
		time.silent = silent;
		const nas = new Nas(await mkdtemp(join(tmpdir(), "castellan-")), port, time);
		await writeFile(
			nas.#config,
			`data = "."
socket = "castellan.sock"
[web]
https = ":${port}"
http = ""
[time]
servers = ${JSON.stringify(time.addresses)}
[network]
service = "none"
[button]
source = "${button}"
`,
		);
		await nas.serve();
		await nas.settled(silent ? "unverified" : "synced");
		return nas;
	}

	/** Starts the program and waits until it answers. */
	async serve() {
		const log: string[] = [];
		const line = [program, "serve", "-config", this.#config, "-greeting"];
		// Without the system's bus: the machine of the test keeps its time zone.
		const outside = { line, env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nowhere/at/all" } };
		const {
			line: [first, ...rest],
			env,
		} = this.#lan?.inside(line) ?? outside;
		const child = spawn(`${first}`, rest, { env });
		this.#process = child;
		await new Promise<void>((done, failed) => {
			const heard = (text: Buffer) => {
				log.push(text.toString());
				// The greeting names every kind of button, and comes once the ports are open.
				if (/^ {2}button /m.test(log.join(""))) done();
			};
			child.stdout.on("data", heard);
			child.stderr.on("data", heard);
			child.once("exit", () => failed(new Error(`the program ended:\n${log.join("")}`)));
		});
	}

	/** Has it stand in another network from now on, whose settings it may change; none of its time servers is there. */
	async move(lan: Lan) {
		await this.halt();
		const config = await readFile(this.#config, "utf8");
		await writeFile(this.#config, config.replace('service = "none"', 'service = "auto"'));
		this.#lan = lan;
		this.address = this.address.replace("localhost", lan.leased);
		await this.serve();
	}

	/** Waits until the time servers were asked, so that no page begins with a clock that is not known yet. */
	async settled(state: string) {
		const stranger = await Remote.to(this);
		while ((await stranger.get("/status")).clock.state !== state);
		await stranger.leave();
	}

	/** Runs the command line of the NAS and returns what it prints. */
	async command(...words: string[]): Promise<string> {
		const { stdout } = await run(program, [...words, "-config", this.#config]);
		return stdout.trim();
	}

	/** The password that opens this NAS while nobody owns it. */
	async defaultPassword(): Promise<string> {
		const printed = await this.command("default-password");
		return printed.match(/^password\s+(\S+)$/m)?.[1] ?? printed;
	}

	/** Holds the button for a while, such as "6s". */
	press(hold: string): Promise<string> {
		return this.command("button", "press", "--hold", hold);
	}

	/** Stops the program; its folder stays. */
	async halt() {
		const child = this.#process;
		if (!child || child.exitCode !== null) return;
		const ended = once(child, "exit");
		if (this.#lan) process.kill(await inner(child), "SIGTERM");
		else child.kill("SIGTERM");
		await ended;
	}

	/** Stops the program and removes all traces. */
	async remove() {
		await this.halt();
		await this.time.stop();
		await rm(this.folder, { recursive: true, force: true });
	}
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0);
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (address === null || typeof address === "string") throw new Error("no free port");
	return address.port;
}
