import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { Phone } from "./phone";
import { marta, type Person } from "./remote";
import type { Visitor } from "./visitor";

/** What people do with pages, in words: each the same at both sizes. */

export async function signIn({ page }: Visitor, { name, password }: Pick<Person, "name" | "password">) {
	await page.getByLabel("User name").fill(name);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The one field behind the six cells; it sends itself after the sixth digit. */
export const codeField = ({ page }: Visitor) => page.getByLabel("Code from your authenticator app");

/** A code that is good once it is asked for, however long the password takes. */
export async function enterCode(visitor: Visitor, phone: Phone) {
	await codeField(visitor).waitFor();
	await codeField(visitor).fill(await phone.fresh());
}

export const desktop = ({ page }: Visitor, nas = "attic-nas") =>
	page.getByRole("heading", { name: `Desktop of ${nas}` }).waitFor({ state: "attached" });

/** Follows a link out of a mail, in a new page. */
export async function follow({ page }: Visitor, address: string, link: string) {
	await page.goto("about:blank");
	await page.goto(`${address}/#password=${link}`);
}

/** What follows “#password=” in the links of a mail, in their order. */
export const passwordLinks = (text: string) =>
	[...text.matchAll(/#password=(\S+)/g)].map(([, link]) => `${link}`);

/** The apps by the names people know them by. */
const ids = {
	"Access Control": "access",
	Settings: "settings",
	Log: "log",
	"Personal Settings": "personal",
	About: "about",
	Help: "help",
};

/** Opens an app, or brings it to the front, at one of its pages. */
export async function open(visitor: Visitor, app: keyof typeof ids, at?: string): Promise<Locator> {
	const { page } = visitor;
	const win = page.locator(`[data-window=${ids[app]}]`);
	const icon = (place: Locator) => place.getByRole("button", { name: app, exact: true });
	if (visitor.phone) {
		await home(visitor);
		await icon(page.getByRole("navigation", { name: "Apps" })).click();
	} else if (visitor.tight) {
		// Windows fill the desktop and hide its icons.
		await page.getByRole("button", { name: "Apps and search" }).click();
		await icon(page.getByRole("dialog", { name: "Apps and search" })).click();
	} else await icon(page.getByRole("navigation", { name: "Apps on the desktop" })).dblclick();
	if (!at) return win;
	if (visitor.phone) await win.getByLabel("Page").selectOption({ label: at });
	else {
		const pages = win.getByRole("navigation", { name: `Pages of ${app}` });
		await pages.getByRole("button", { name: at, exact: true }).click();
	}
	await win.getByRole("heading", { name: at, exact: true }).first().waitFor({ state: "attached" });
	return win;
}

/** An administrator signs in and opens the page of the network. */
export async function atNetwork(visitor: Visitor, who: Person = marta): Promise<Locator> {
	await signIn(visitor, who);
	await desktop(visitor);
	const win = await open(visitor, "Settings", "Network");
	await win.getByRole("heading", { name: "eth0" }).waitFor();
	return win;
}

/** On a phone, from an open sheet back to the icons. */
export async function home({ page, phone }: Visitor) {
	const back = page.getByRole("button", { name: "Back to the desktop" }).filter({ visible: true });
	if (!phone || (await back.count()) === 0) return;
	await back.last().click();
	await expect.poll(() => back.count()).toBe(0);
}

export async function userMenu(visitor: Visitor): Promise<Locator> {
	await home(visitor);
	await visitor.page.getByRole("button", { name: ": your menu" }).click();
	return visitor.page.getByRole("dialog", { name: "Your menu" });
}

export async function signOut(visitor: Visitor) {
	await (await userMenu(visitor)).getByRole("button", { name: "Sign out" }).click();
	await visitor.page.getByText("You are signed out.").waitFor();
}

/** Goes into the wizard of 2-step verification as far as the key, and puts that into a phone. */
export async function connect(visitor: Visitor, ahead = 0): Promise<Phone> {
	const { page } = visitor;
	await page.getByRole("radio", { name: "Authenticator app" }).waitFor();
	await page.getByRole("button", { name: "Continue" }).click();
	await saveCodes(visitor);
	await page.getByRole("heading", { name: "Connect your authenticator app" }).waitFor();
	return scanned(visitor, ahead);
}

/** Says that the recovery codes are saved, and returns them. */
export async function saveCodes({ page }: Visitor, go = "Continue"): Promise<string[]> {
	await page.getByRole("heading", { name: "Save your recovery codes" }).waitFor();
	const codes = await page.getByRole("list", { name: "Recovery codes" }).locator("code").allTextContents();
	await page.getByRole("checkbox", { name: "I have my recovery codes saved" }).click();
	await page.getByRole("button", { name: go, exact: true }).click();
	return codes;
}

/** A phone that has typed in the key on the screen. */
export async function scanned({ page }: Visitor, ahead = 0): Promise<Phone> {
	const key = await page.locator(".key code").textContent();
	return new Phone(`${key}`.replace(/\s/g, ""), ahead);
}

/** What the NAS says to a browser whose session was ended from elsewhere. */
export const endedElsewhere = "You were signed out from another browser or by an administrator.";

/** The session of a page is about to be ended from elsewhere, which it may find out by itself at any time. */
export function mayEnd(visitor: Visitor) {
	for (const path of ["/about", "/me/desktop", "/me/sessions", "/health", "/session"])
		visitor.allows(path, 401);
}

/** The page finds out that one is signed in no more as soon as it asks for something: by itself, or for a window. */
export async function turnedAway(visitor: Visitor) {
	const { page } = visitor;
	page.setDefaultTimeout(5000);
	await open(visitor, "About").catch(() => undefined);
	page.setDefaultTimeout(30_000);
	await page.getByText(endedElsewhere).waitFor();
}
