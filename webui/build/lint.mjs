// What the linter does not know: text from the server must stay text, so no component may use the tag that
// makes markup of it, and the served policy forbids style attributes that stand in the markup.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const rules = [
	[/\{@html/, "{@html} makes markup of text; show it as text"],
	[/\sstyle="[^{]/, "a style attribute in the markup is refused by the content security policy"],
	[/\.(inner|outer)HTML\s*=|insertAdjacentHTML/, "markup from strings; build elements"],
];

const source = new URL("../src/", import.meta.url).pathname;
let found = 0;
for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
	if (!entry.isFile() || !/\.(svelte|ts)$/.test(entry.name)) continue;
	const path = join(entry.parentPath, entry.name);
	const lines = (await readFile(path, "utf8")).split("\n");
	lines.forEach((line, index) => {
		for (const [pattern, reason] of rules) {
			if (!pattern.test(line)) continue;
			found++;
			console.error(`${path}:${index + 1}: ${reason}`);
		}
	});
}
process.exit(found ? 1 : 0);
