import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { sizes } from "./browser";
import { desktop } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

const most = 60;

const focused = (one: Locator) => one.evaluate((node) => node === document.activeElement);

/** Walks with Tab, or with another key, until something has the focus. */
async function walk(page: Page, to: Locator, key = "Tab") {
	await to.waitFor({ state: "attached" });
	for (let count = 0; count < most; count++) {
		if (await focused(to)) return;
		await page.keyboard.press(key);
	}
	throw new Error(`${key} does not reach ${to}`);
}

async function find(page: Page, what: string) {
	await page.keyboard.press("Control+k");
	await page.keyboard.type(what);
	await page.getByRole("option", { name: what }).first().waitFor();
	await page.keyboard.press("Enter");
	await page.getByRole("dialog", { name: "Apps and search" }).waitFor({ state: "hidden" });
}

const title = (page: Page, app: string) => page.locator(`[data-window="${app}"] h1`);

async function box(one: Locator) {
	const found = await one.boundingBox();
	if (!found) throw new Error(`${one} is not there`);
	return found;
}

async function signInByKeys(page: Page) {
	await walk(page, page.getByLabel("User name"));
	await page.keyboard.type(marta.name);
	await walk(page, page.getByLabel("Password", { exact: true }));
	await page.keyboard.type(marta.password);
	await page.keyboard.press("Enter");
}

async function signOutByKeys(page: Page) {
	await walk(page, page.getByRole("button", { name: "Apps and search" }), "F6");
	await walk(page, page.getByRole("button", { name: ": your menu" }));
	await page.keyboard.press("Enter");
	await walk(page, page.getByRole("button", { name: "Sign out" }));
	await page.keyboard.press("Enter");
	await page.getByText("You are signed out.").waitFor();
}

// R100: signing out is within reach from everywhere, by keyboard, too.
story(
	"windows are opened, moved, snapped and switched with the keyboard alone",
	async ({ claimed, visit }) => {
		await claimed();
		const visitor = await visit();
		const { page } = visitor;
		await signInByKeys(page);
		await desktop(visitor);

		await find(page, "Settings");
		const settings = page.locator('[data-window="settings"]');
		await expect.poll(() => focused(title(page, "settings"))).toBe(true);
		const menu = page.getByRole("button", { name: "Settings: window menu", exact: true });
		await walk(page, menu, "Shift+Tab");
		const before = await box(settings);
		await page.keyboard.press("Enter");
		await visitor.look("window-menu");
		await walk(page, page.getByRole("button", { name: "Move", exact: true }), "ArrowDown");
		await page.keyboard.press("Enter");
		await page.getByText("Move the window with the arrow keys").waitFor();
		for (let count = 0; count < 2; count++) await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Shift+ArrowLeft");
		await visitor.look("window-move");
		await page.keyboard.press("Enter");
		const after = await box(settings);
		expect([after.x - before.x, after.y - before.y]).toEqual([-1, 32]);

		await page.keyboard.press("Enter");
		await walk(page, page.getByRole("button", { name: "Left half" }).first(), "ArrowDown");
		await page.keyboard.press("Enter");
		await expect.poll(async () => (await box(settings)).width).toBe(sizes.wide.width / 2);
		expect((await box(settings)).x).toBe(0);

		await find(page, "Access Control");
		await expect.poll(() => focused(title(page, "access"))).toBe(true);
		await page.keyboard.down("Alt");
		await page.keyboard.press("Backquote");
		await page.getByRole("listbox", { name: "Open windows" }).waitFor();
		await visitor.look("switcher");
		await page.keyboard.up("Alt");
		await expect.poll(() => focused(title(page, "settings"))).toBe(true);

		// Esc closes what is in front, one layer at a time, and never a window.
		await page.keyboard.press("Alt+Backquote");
		await expect.poll(() => focused(title(page, "access"))).toBe(true);
		const add = page.getByRole("button", { name: "Add user" }).first();
		await walk(page, add);
		await page.keyboard.press("Enter");
		const panel = page.getByRole("form", { name: "Add user" });
		await panel.waitFor();
		await page.keyboard.press("Control+k");
		const search = page.getByRole("dialog", { name: "Apps and search" });
		await search.waitFor();
		await visitor.look("app-menu");
		await page.keyboard.press("Escape");
		await search.waitFor({ state: "hidden" });
		await expect.poll(() => panel.evaluate((node) => node.contains(document.activeElement))).toBe(true);
		await page.keyboard.press("Escape");
		await panel.waitFor({ state: "detached" });
		await expect.poll(() => focused(add)).toBe(true);
		await page.keyboard.press("Escape");
		expect(await page.locator(".window").count()).toBe(2);

		// F6 goes round: two windows, the icons, the task bar, and the first window again.
		const first = page.locator("[data-window=access]");
		const seen = new Set<string>();
		do {
			await page.keyboard.press("F6");
			seen.add(
				await page.evaluate(() => {
					const region = document.activeElement?.closest<HTMLElement>("[data-region]");
					return `${region?.dataset.region} ${region?.dataset.window ?? ""}`.trim();
				}),
			);
		} while (!(await first.evaluate((node) => node.contains(document.activeElement))) && seen.size < most);
		expect([...seen].sort()).toEqual(["bar", "icons", "window access", "window settings"]);

		// A token is begun and left again, and the focus comes back to where it was.
		await find(page, "API access");
		await expect.poll(() => focused(title(page, "personal"))).toBe(true);
		const token = page.getByRole("button", { name: "New token" });
		await walk(page, token);
		await page.keyboard.press("Enter");
		const form = page.getByRole("dialog", { name: "New token" });
		await expect.poll(() => focused(form.getByLabel("Name", { exact: true }))).toBe(true);
		await walk(page, form.getByRole("checkbox", { name: "Read the log" }));
		await page.keyboard.press("Space");
		await page.keyboard.press("Escape");
		await page.getByRole("heading", { name: "Discard changes?" }).waitFor();
		await walk(page, page.getByRole("button", { name: "Discard changes" }));
		await page.keyboard.press("Enter");
		await form.waitFor({ state: "detached" });
		await expect.poll(() => focused(token)).toBe(true);

		await signOutByKeys(page);
	},
	{ sizes: { wide: sizes.wide } },
);
