import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Locator } from "playwright-core";

const run = promisify(execFile);

/** Reads a QR code off the screen, as the camera of a phone does. */
export async function read(code: Locator): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "castellan-qr-"));
	try {
		const path = join(folder, "code.png");
		await code.screenshot({ path });
		const { stdout } = await run("zbarimg", ["--quiet", "--raw", path]);
		return stdout.trim();
	} finally {
		await rm(folder, { recursive: true });
	}
}
