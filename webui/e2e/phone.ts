import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const period = 30_000;
/** A code typed with less time left might be too old when it arrives. */
const hurry = 8000;

/** The authenticator app of one account. Codes are computed by oathtool. */
export class Phone {
	readonly key: string;
	readonly #ahead: number;
	/** The newest step whose code was used. */
	#last = 0;

	/** ahead is how far the phone's clock is ahead of this machine's, in milliseconds. */
	constructor(key: string, ahead = 0) {
		this.key = key;
		this.#ahead = ahead;
	}

	/**
	 * A code that is right and was not used yet. The NAS takes those of one step before and one after the present
	 * one, each step once and in their order; only when all three are used it is waited for the next.
	 */
	async fresh(): Promise<string> {
		const step = this.#step();
		const early = this.#left() > hurry ? step - 1 : step;
		this.#last = Math.max(this.#last + 1, early);
		if (this.#last > step + 1) await sleep(this.#left() + (this.#last - step - 2) * period + 100);
		return this.#code(this.#last);
	}

	/** The code that the phone shows by its own clock; a used one is not typed again, but the next one waited for. */
	async shown(): Promise<string> {
		if (this.#step() <= this.#last) await sleep(this.#left() + (this.#last - this.#step()) * period + 100);
		this.#last = this.#step();
		return this.#code(this.#last);
	}

	/** The code of so many steps from now, whether it is right or not. */
	off = (steps: number): Promise<string> => this.#code(this.#step() + steps);

	#now = () => Date.now() + this.#ahead;
	#step = () => Math.floor(this.#now() / period);
	#left = () => period - (this.#now() % period);

	async #code(step: number): Promise<string> {
		const at = `@${step * (period / 1000)}`;
		const { stdout } = await run("oathtool", ["--totp", "--base32", "--now", at, this.key]);
		return stdout.trim();
	}
}
