import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const program = process.env.CASTELLAN_BIN ?? new URL("../../bin/castellan", import.meta.url).pathname;
const run = promisify(execFile);

/** A new NAS in a folder of its own, with a simulated button. */
export class Nas {
	readonly address: string;
	readonly #folder: string;
	readonly #config: string;
	#process: ChildProcess | undefined;

	private constructor(folder: string, port: number) {
		this.address = `https://localhost:${port}`;
		this.#folder = folder;
		this.#config = join(folder, "castellan.toml");
	}

	static async start(): Promise<Nas> {
		await access(program).catch(() => {
			throw new Error(`${program} is missing; build it with make build.`);
		});
		const port = await freePort();
		const nas = new Nas(await mkdtemp(join(tmpdir(), "castellan-")), port);
		await writeFile(
			nas.#config,
			`data = "."\nsocket = "castellan.sock"\n[web]\nhttps = ":${port}"\nhttp = ""\n[button]\nsource = "simulated"\n`,
		);
		await nas.#serve();
		return nas;
	}

	async #serve() {
		const log: string[] = [];
		this.#process = spawn(program, ["serve", "-config", this.#config, "-greeting"], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		const started = new Promise<void>((done, failed) => {
			const heard = (text: Buffer) => {
				log.push(text.toString());
				if (log.join("").includes("certificate  ")) done();
			};
			this.#process?.stdout?.on("data", heard);
			this.#process?.stderr?.on("data", heard);
			this.#process?.once("exit", () => failed(new Error(`the program ended:\n${log.join("")}`)));
		});
		await started;
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

	press(hold: string): Promise<string> {
		return this.command("button", "press", "--hold", hold);
	}

	async stop() {
		if (this.#process && this.#process.exitCode === null) {
			this.#process.kill("SIGTERM");
			await once(this.#process, "exit");
		}
		await rm(this.#folder, { recursive: true, force: true });
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
