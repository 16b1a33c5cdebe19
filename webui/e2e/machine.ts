import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Box } from "./remote";

const run = promisify(execFile);
const room = new URL("../../internal/kerneltest", import.meta.url).pathname;

/** The lines of the machine's keys, as internal/kerneltest/story_test.go has them. */
export const keys = { front: 5, power: 6 };

/** A NAS on a real arm64 kernel in QEMU, whose buttons are keys of the kernel’s own driver. */
export class Machine implements Box {
	readonly ahead = 0;
	readonly address: string;
	readonly #password: string;
	readonly #folder: string;
	readonly #process: ChildProcess;
	readonly #said: AsyncIterator<string>;

	private constructor(
		folder: string,
		process: ChildProcess,
		said: AsyncIterator<string>,
		at: { address: string; password: string },
	) {
		this.#folder = folder;
		this.#process = process;
		this.#said = said;
		this.address = at.address;
		this.#password = at.password;
	}

	/** Builds the program for it and starts it, which takes a while. */
	static async start(): Promise<Machine> {
		const folder = await mkdtemp(join(tmpdir(), "castellan-machine-"));
		const program = join(folder, "machine.test");
		await run("go", ["test", "-c", "-tags", "kernel", "-o", program, "."], { cwd: room });
		const child = spawn(program, ["-test.run", "^TestAMachineForAStory$", "-test.timeout", "10m"], {
			cwd: room,
			env: { ...process.env, CASTELLAN_STORY: "1" },
			stdio: ["pipe", "pipe", "inherit"],
		});
		const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
		return new Machine(folder, child, said, await answer(said));
	}

	/** The password that opens this NAS while nobody owns it. */
	async defaultPassword(): Promise<string> {
		return this.#password;
	}

	/** Presses the key on a line for so many milliseconds. */
	async hold(line: number, ms: number) {
		this.#process.stdin?.write(`hold ${line} ${ms}\n`);
		await answer(this.#said);
	}

	/** Turns it off and removes all traces. */
	async remove() {
		const ended = once(this.#process, "exit");
		this.#process.stdin?.end();
		await ended;
		await rm(this.#folder, { recursive: true, force: true });
	}
}

/** The next answer; what a Go test prints beside them is passed over, and shown when no answer comes any more. */
async function answer(said: AsyncIterator<string>) {
	const heard: string[] = [];
	for (;;) {
		const { done, value } = await said.next();
		if (done) throw new Error(`the machine ended:\n${heard.join("\n")}`);
		if (value.startsWith("{")) return JSON.parse(value);
		heard.push(value);
	}
}
