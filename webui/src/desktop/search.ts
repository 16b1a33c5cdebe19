import type { App, Page } from "./apps";
import type { Win } from "./windows.svelte";

export type Hit =
	| { kind: "window"; key: string; name: string; note: string; win: Win }
	| { kind: "app"; key: string; name: string; note: string; app: App }
	| { kind: "page"; key: string; name: string; note: string; app: App; page: Page };

/** Small letters without accents, so that "riha" finds "Říha". */
const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whether every word of the search begins a word of the text. */
export function matches(search: string, text: string): boolean {
	const have = plain(text).split(/[^\p{L}\p{N}]+/u);
	return plain(search)
		.split(/[^\p{L}\p{N}]+/u)
		.filter(Boolean)
		.every((word) => have.some((one) => one.startsWith(word)));
}

/** Open windows first, then apps, then pages whose name or other words fit. */
export function find(search: string, apps: readonly App[], open: readonly Win[]): Hit[] {
	if (!search.trim()) return [];
	const hits: Hit[] = [];
	for (const win of open) {
		if (matches(search, `${win.app.name} ${win.current.name}`)) {
			hits.push({ kind: "window", key: `w ${win.app.id}`, name: win.app.name, note: win.current.name, win });
		}
	}
	for (const app of apps) {
		if (matches(search, app.name))
			hits.push({ kind: "app", key: `a ${app.id}`, name: app.name, note: "App", app });
	}
	for (const app of apps) {
		for (const page of app.pages) {
			if (!matches(search, `${page.name} ${page.words ?? ""}`)) continue;
			hits.push({ kind: "page", key: `p ${app.id} ${page.id}`, name: page.name, note: app.name, app, page });
		}
	}
	return hits;
}
