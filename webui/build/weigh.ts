import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What a browser may have to load before somebody can sign in, compressed. */
const most = 60_000;

/** Adds up what the first page names, wallpaper and icon aside, and refuses a build in which that grew too large. */
export function weigh(): Plugin {
	let folder = "";
	return {
		name: "castellan-weigh",
		apply: "build",
		configResolved(config) {
			folder = config.build.outDir;
		},
		closeBundle: {
			sequential: true,
			order: "post",
			async handler() {
				const page = await readFile(join(folder, "index.html.gz"));
				const named = gunzipSync(page)
					.toString()
					.matchAll(/"\/(assets\/[^"]+\.(?:js|css))"/g);
				let sum = page.length;
				for (const [, path] of named) sum += (await stat(join(folder, `${path}.gz`))).size;
				console.log(`before sign-in: ${(sum / 1000).toFixed(1)} kB compressed, of ${most / 1000} kB`);
				if (sum > most) throw new Error("The first page became too large. Load later what it need not have.");
			},
		},
	};
}
