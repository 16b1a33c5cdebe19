import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type {
	Browser,
	BrowserContextOptions,
	ConsoleMessage,
	Locator,
	Page,
	Response,
} from "playwright-core";
import { Renewals } from "./renewal";

const rules = readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** The rules that a change of colours can break. */
const colourRules = ["color-contrast", "link-in-text-block"];

/** A browser that remembers everything it has to complain about. */
export class Visitor {
	readonly page: Page;
	readonly phone: boolean;
	/** No room for windows beside each other. */
	readonly tight: boolean;
	readonly complaints: string[] = [];
	readonly #renewals = new Renewals();
	/** Refusals that no story names: they are complaints unless they met a renewal. */
	readonly #unnamed: { name: string; what: string }[] = [];
	readonly #address: string;
	#loses = false;
	/** Refusals that belong to the story, and whether they came. */
	readonly #named = new Map<string, "expected" | "allowed" | "seen">();

	private constructor(page: Page, address: string) {
		this.page = page;
		const width = page.viewportSize()?.width ?? 0;
		this.phone = width <= 640;
		this.tight = width < 1024;
		this.#address = address;
		// The desktop saves itself now and then. Where that meets a session that is just being renewed, it tries again.
		this.allows("/me/desktop", 401);
		this.allows("/me/desktop", 403);
		page.on("pageerror", (error) => this.#complain(`error: ${error.stack ?? error.message}`));
		page.on("console", (message) => this.#heard(message));
		page.on("response", (response) => this.#answered(response));
		page.on("requestfailed", (asked) => this.#renewals.ended(asked, ""));
		page.on("request", (asked) => {
			this.#renewals.begun(asked);
			if (!asked.url().startsWith(this.#address)) this.#complain(`asked elsewhere: ${asked.url()}`);
		});
		page.on("dialog", (dialog) => {
			if (dialog.type() === "beforeunload") return dialog.accept();
			this.#complain(`${dialog.type()}: ${dialog.message()}`);
			return dialog.dismiss();
		});
	}

	static async open(browser: Browser, address: string, options: BrowserContextOptions): Promise<Visitor> {
		const context = await browser.newContext({
			ignoreHTTPSErrors: true,
			locale: "en-GB",
			reducedMotion: "reduce",
			...options,
		});
		const page = await context.newPage();
		await page.addInitScript(() => {
			document.addEventListener("securitypolicyviolation", (report) => {
				console.error(`policy: ${report.violatedDirective} ${report.blockedURI} ${report.sample}`);
			});
		});
		const visitor = new Visitor(page, address);
		await page.goto(address);
		return visitor;
	}

	/** Presses a link that opens a page of its own at another address, and returns whoever stands before that. */
	async pressed(link: Locator, address: string): Promise<Visitor> {
		const [page] = await Promise.all([this.page.waitForEvent("popup"), link.click()]);
		return new Visitor(page, address);
	}

	/** Sets the clock of this browser ahead of the machine’s, in milliseconds, and loads the page again. */
	async runsAhead(by: number) {
		await this.page.addInitScript((by) => {
			const Real = Date;
			class Shifted extends Real {
				constructor(...given: []) {
					if (given.length === 0) super(Real.now() + by);
					else super(...given);
				}
				static override now() {
					return Real.now() + by;
				}
			}
			window.Date = Shifted as DateConstructor;
		}, by);
		await this.page.reload();
	}

	/** Names a refusal that has to come, by its path below /api/v1 and its status: nothing else of the kind may. */
	expects(path: string, status: number) {
		this.#named.set(`${path} ${status}`, "expected");
	}

	/** Names a refusal that may come, where a page that asks again and again may ask once too often. */
	allows(path: string, status: number) {
		this.#named.set(`${path} ${status}`, "allowed");
	}

	/** The NAS goes away in this story: that its address does not answer is no complaint. */
	loses() {
		this.#loses = true;
	}

	/** Holds back what the page asks for below /api/v1, until that is let go. */
	async holds(path: string): Promise<() => Promise<void>> {
		let release = () => {};
		const held = new Promise<void>((done) => {
			release = done;
		});
		await this.page.route(`**/api/v1${path}`, (route) => held.then(() => route.continue()));
		return () => {
			release();
			return this.page.unrouteAll({ behavior: "wait" });
		};
	}

	#heard(message: ConsoleMessage) {
		if (!["error", "warning"].includes(message.type())) return;
		if (this.#loses && /^Failed to load resource: net::/.test(message.text())) return;
		const refused = message.text().match(/^Failed to load resource: .* status of (\d+)/);
		const name = refused ? `${pathOf(message.location().url)} ${refused[1]}` : "";
		const what = `console: ${message.text()} ${name}`;
		if (this.#named.has(name)) this.#named.set(name, "seen");
		else if (name) this.#unnamed.push({ name, what });
		else this.#complain(what);
	}

	#answered(response: Response) {
		const name = `${pathOf(response.url())} ${response.status()}`;
		this.#renewals.ended(response.request(), name, response);
		if (response.status() >= 500 && !this.#named.has(name)) this.#complain(name);
	}

	#complain(what: string) {
		this.complaints.push(what);
	}

	/** All that was wrong in this browser, also refusals that were expected and did not come. */
	verdict(): string[] {
		const unseen = [...this.#named].filter(([, state]) => state === "expected").map(([name]) => name);
		const refused = this.#unnamed
			.filter(({ name }) => !this.#renewals.explains(name))
			.map(({ what }) => what);
		return [...this.complaints, ...refused, ...unseen.map((name) => `not refused: ${name}`)];
	}

	/** Examines the screen as it is now: accessibility in both themes, and that nothing sticks out sideways. */
	async look(name: string) {
		await this.#settled();
		const found = [...(await this.#violations()), ...(await this.#overflow())];
		await this.picture(`${name}-light`);
		await this.page.emulateMedia({ colorScheme: "dark" });
		await this.#settled();
		found.push(...(await this.#violations(colourRules)).map((one) => `dark: ${one}`));
		await this.picture(`${name}-dark`);
		await this.page.emulateMedia({ colorScheme: "light" });
		for (const one of found) this.#complain(`${name}: ${one}`);
	}

	/** Takes a picture where CASTELLAN_PICTURES names a folder, for people to look at. */
	async picture(name: string, folder = process.env.CASTELLAN_PICTURES): Promise<string> {
		if (!folder) return "";
		const path = join(folder, `${name}-${this.page.viewportSize()?.width}.png`);
		await this.page.screenshot({ path });
		return path;
	}

	/**
	 * Waits until nothing moves: colours on their way from one state to the next are nobody's fault. What never rests is one,
	 * and is named; a page that is slow to draw is none.
	 */
	async #settled() {
		const restless = await this.page.evaluate(async (most) => {
			const begun = performance.now();
			const within = (one: Promise<unknown>) =>
				Promise.race([one, new Promise((done) => setTimeout(done, 1000))]);
			const frame = () => within(new Promise((done) => requestAnimationFrame(done)));
			const moving = () =>
				document
					.getAnimations()
					.filter(
						(one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity,
					);
			let still: Animation[];
			do {
				await frame();
				await frame();
				still = moving();
				await within(Promise.allSettled(still.map((one) => one.finished)));
			} while (still.length > 0 && performance.now() - begun < most);
			return still.map(({ effect }) => `${(effect as KeyframeEffect).target?.outerHTML}`);
		}, 10_000);
		for (const one of restless) this.#complain(`does not rest within ten seconds: ${one.slice(0, 200)}`);
	}

	/** What the accessibility rules find on the page as it is now. */
	async #violations(only?: string[]): Promise<string[]> {
		if (!(await this.page.evaluate(() => "axe" in window))) {
			// The served policy forbids scripts from elsewhere, so the rules come in through the debugger.
			const session = await this.page.context().newCDPSession(this.page);
			await session.send("Runtime.evaluate", { expression: await rules });
			await session.detach();
		}
		return this.page.evaluate(async (only) => {
			const { axe } = window as unknown as { axe: typeof import("axe-core") };
			const { violations } = await axe.run(document, {
				resultTypes: ["violations"],
				preload: false,
				...(only ? { runOnly: only } : {}),
			});
			return violations.map(
				(one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`,
			);
		}, only);
	}

	/** What is wider than the room there is, where people do not expect to scroll sideways. */
	#overflow(): Promise<string[]> {
		return this.page.evaluate(() =>
			[document.documentElement, ...document.querySelectorAll(".page, .panel .body, dialog[open], .cover")]
				.filter((one) => one.scrollWidth > one.clientWidth)
				.map((one) => `wider than its room: ${one.tagName} ${one.className}`),
		);
	}

	close = () => this.page.context().close();
}

/** The path of an address below /api/v1, with {id} for any identifier. */
const pathOf = (address: string) =>
	new URL(address).pathname.replace("/api/v1", "").replace(/\/[a-z0-9]{26}(?=\/|$)/g, "/{id}");
