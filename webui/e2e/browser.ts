import { readFile } from "node:fs/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const flags = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const rules = readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export const launch = (): Promise<Browser> =>
	chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

/** A page that remembers everything a browser complains about. */
export class Watched {
	readonly page: Page;
	readonly complaints: string[] = [];

	private constructor(page: Page) {
		this.page = page;
		page.on("pageerror", (error) => this.complaints.push(`error: ${error.stack ?? error.message}`));
		page.on("console", (message) => {
			// A refusal of the API is a line in Chromium's console, too; the stories look at what the page says to it.
			if (message.text().startsWith("Failed to load resource")) return;
			if (["error", "warning"].includes(message.type())) this.complaints.push(`console: ${message.text()}`);
		});
		page.on("response", (response) => {
			if (response.status() >= 500) this.complaints.push(`${response.status()} ${response.url()}`);
		});
	}

	static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
		const context = await browser.newContext({
			ignoreHTTPSErrors: true,
			locale: "en-GB",
			viewport: sizes.wide,
			...options,
		});
		const page = await context.newPage();
		await page.addInitScript(() => {
			document.addEventListener("securitypolicyviolation", (report) => {
				console.error(`policy: ${report.violatedDirective} ${report.blockedURI} ${report.sample}`);
			});
		});
		return new Watched(page);
	}

	/** What the accessibility rules find on the page as it is now. */
	async violations(): Promise<string[]> {
		// The served policy forbids scripts from elsewhere, so the rules come in through the debugger.
		const session = await this.page.context().newCDPSession(this.page);
		await session.send("Runtime.evaluate", { expression: await rules });
		await session.detach();
		return this.page.evaluate(async () => {
			// Colours on their way from one state to the next are nobody's fault.
			const moving = document
				.getAnimations()
				.filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
			await Promise.allSettled(moving.map((one) => one.finished));
			const { axe } = window as unknown as { axe: typeof import("axe-core") };
			const { violations } = await axe.run(document, { resultTypes: ["violations"] });
			return violations.map(
				(one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`,
			);
		});
	}

	close = () => this.page.context().close();
}
