import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launch, sizes, Watched } from "./browser";
import { Nas } from "./nas";

let browser: Browser;
let nas: Nas;

beforeAll(async () => {
	browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
	nas = await Nas.start();
});
afterEach(() => nas.stop());

const password = "kestrel lagoon amber winter";

// R140: a NAS that nobody owns is claimed with its own default password.
test.each(Object.entries(sizes))(
	"a new NAS is claimed with its default password, %s",
	async (_name, viewport) => {
		const watched = await Watched.open(browser, { viewport });
		const { page } = watched;
		await page.goto(nas.address);
		// As people type it from a label: in capitals and without dashes.
		const label = (await nas.defaultPassword()).toUpperCase().replaceAll("-", " ");
		await page.getByLabel("Default password").fill(label);
		expect(await watched.violations()).toEqual([]);
		await page.getByRole("button", { name: "Continue" }).click();

		await page.getByLabel("Your name").fill("Lena Vogt");
		await page.getByLabel("User name").fill("lena");
		await page.getByLabel("Password", { exact: true }).fill(password);
		expect(await watched.violations()).toEqual([]);
		await page.getByRole("button", { name: "Continue" }).click();

		await page.getByLabel("Name of this NAS").fill("attic-nas");
		expect(await watched.violations()).toEqual([]);
		await page.getByRole("button", { name: "Claim this NAS" }).click();

		await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
		expect(await watched.violations()).toEqual([]);
		await page.getByRole("button", { name: "Not now" }).click();
		await page.getByRole("button", { name: "Not now" }).last().click();
		await page.getByRole("heading", { name: "Desktop of attic-nas" }).waitFor();
		expect(await watched.violations()).toEqual([]);
		expect(watched.complaints).toEqual([]);
		await watched.close();
	},
);
