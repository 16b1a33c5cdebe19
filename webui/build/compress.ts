import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const text = /\.(html|js|css|svg|json|webmanifest)$/;

/**
 * Leaves only NAME.gz of every text file in the build. The daemon serves these as they are, so it needs
 * no compressor of its own, and the program carries each file once. Node writes no time stamp into the
 * gzip header, which keeps the same input at the same bytes.
 */
export function compress(): Plugin {
	let folder = "";
	return {
		name: "castellan-compress",
		apply: "build",
		configResolved(config) {
			folder = config.build.outDir;
		},
		async closeBundle() {
			for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
				if (!entry.isFile() || !text.test(entry.name)) continue;
				const path = join(entry.parentPath, entry.name);
				await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
				await rm(path);
			}
		},
	};
}
