import { tmpdir } from "node:os";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, type Size, sizes } from "./browser";
import { Lan, type Place } from "./lan";
import { Machine } from "./machine";
import { Mta } from "./mta";
import { Nas } from "./nas";
import { missing, type Need, skipLine } from "./needs";
import { type Box, ines, type Owner, Remote } from "./remote";
import { Visitor } from "./visitor";

export interface Scene<B extends Box = Nas> {
	nas: B;
	size: Size;
	/** Opens a browser of its own at the address of the NAS, or at another host that it answers to. */
	visit: (options?: BrowserContextOptions, host?: string) => Promise<Visitor>;
	/** Somebody at the NAS without a browser. */
	remote: () => Promise<Remote>;
	/** The owner, signed in without a browser, of a NAS that was claimed for this. */
	claimed: (owner?: Owner) => Promise<Remote>;
	/** A mail server that the NAS of an owner sends through, and the owner’s address confirmed. */
	mailed: (owner: Remote, address?: string) => Promise<Mta>;
}

/** What a story needs that reads mail. */
export const post: Need[] = ["exim4", "openssl", "root"];

interface Stage {
	needs?: Need[];
	/** Where the button is; without it there is a simulated one. */
	button?: "auto";
	/** How far the time servers are ahead of this machine, in milliseconds. */
	ahead?: number;
	/** No time server answers, so the NAS has its own clock alone. */
	silent?: boolean;
	sizes?: Record<string, Size>;
}

let browser: Browser | undefined;

/** Tells a story once at each size, each time with a NAS of its own, and fails it for whatever a browser complains about. */
export function story(name: string, tell: (scene: Scene) => Promise<void>, stage: Stage = {}) {
	told(name, (size) => play(() => Nas.start(stage), tell, size), stage);
}

/** The same with a NAS on a real kernel, which takes its time. */
export function machineStory(name: string, tell: (scene: Scene<Machine>) => Promise<void>) {
	const wants: Stage = { needs: ["qemu", "kernel"] };
	told(name, (size) => play(() => Machine.start(), tell, size), wants, 240_000);
}

/** The same with a NAS that has a network of its own, which it may change. The browser stands behind its cable. */
export function lanStory(
	name: string,
	tell: (scene: Scene & { lan: Lan }) => Promise<void>,
	stage: Place & { unclaimed?: boolean; sizes?: Record<string, Size> },
) {
	const wants: Stage = { needs: ["lan", "root"], sizes: stage.sizes };
	const start = async (size: Size) => {
		const lan = await Lan.start(stage);
		const behind = await lan.launch();
		try {
			await play(
				async () => {
					const nas = await Nas.start({ silent: true });
					if (!stage.unclaimed) {
						const owner = await Remote.to(nas);
						await owner.claim();
						await owner.add(ines, "administrator");
						await owner.leave();
					}
					await nas.move(lan);
					return nas;
				},
				(scene) => tell({ ...scene, lan }),
				size,
				behind,
			);
		} finally {
			await behind.close();
			await lan.stop();
		}
	};
	told(name, start, wants, 180_000);
}

function told(name: string, tell: (size: Size) => Promise<void>, stage: Stage, patience?: number) {
	const lacking = missing.filter((one) => one === "chromium" || stage.needs?.includes(one));
	const title = lacking.length > 0 ? `${name} (${lacking.map(skipLine).join(", ")})` : name;
	describe.skipIf(lacking.length > 0)(title, () => {
		beforeAll(async () => {
			browser ??= await launch();
		});
		test.each(Object.entries(stage.sizes ?? sizes))("%s", (_size, size) => tell(size), patience);
	});
}

afterAll(() => browser?.close());

async function play<B extends Box>(
	start: () => Promise<B>,
	tell: (scene: Scene<B>) => Promise<void>,
	size: Size,
	from = browser,
) {
	const nas = await start();
	const visitors: Visitor[] = [];
	const remotes: Remote[] = [];
	const mtas: Mta[] = [];
	const remote = async () => {
		const one = await Remote.to(nas);
		remotes.push(one);
		return one;
	};
	try {
		await tell({
			nas,
			size,
			remote,
			async visit(options, host) {
				if (!from) throw new Error("no browser");
				const address = host ? at(nas.address, host) : nas.address;
				const visitor = await Visitor.open(from, address, { viewport: size, ...options });
				visitors.push(visitor);
				return visitor;
			},
			async claimed(owner) {
				const one = await remote();
				await one.claim(owner);
				return one;
			},
			async mailed(owner, address) {
				const mta = await Mta.start();
				mtas.push(mta);
				await owner.mailThrough(mta, address);
				return mta;
			},
		});
		for (const visitor of visitors) expect(visitor.verdict()).toEqual([]);
	} catch (thrown) {
		await report(visitors);
		throw thrown;
	} finally {
		await Promise.all([...visitors.map((one) => one.close()), ...remotes.map((one) => one.leave())]);
		await nas.remove();
		await Promise.all(mtas.map((one) => one.stop()));
	}
}

/** The same address at another host. */
function at(address: string, host: string): string {
	const url = new URL(address);
	url.hostname = host;
	return url.origin;
}

/** Shows what stood in each browser when a story failed. */
async function report(visitors: Visitor[]) {
	for (const [place, visitor] of visitors.entries()) {
		const picture = await visitor
			.picture(`castellan-failed-${process.pid}-${place}`, tmpdir())
			.catch(() => "no picture");
		console.error([`browser ${place + 1}: ${picture}`, ...visitor.verdict()].join("\n"));
	}
}
