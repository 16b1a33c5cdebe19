import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { sizes } from "./browser";
import { desktop, enterCode } from "./desk";
import { found } from "./needs";
import { ines, marta } from "./remote";
import { story } from "./story";

const run = promisify(execFile);
const target = new URL("../screenshot.png", import.meta.url).pathname;
process.env.FONTCONFIG_FILE = new URL("fonts.conf", import.meta.url).pathname;

/** Two windows, the later one in front. */
const windows = [
	{ app: "settings", page: "time", x: 470, y: 76, width: 938, height: 580 },
	{ app: "access", page: "users", x: 160, y: 208, width: 1060, height: 664 },
].map((place) => ({ ...place, screen: "medium" as const, state: "normal" as const, open: true }));

const people = [
	{ name: "jonas", display_name: "Jonas Berg" },
	{ name: "tomas", display_name: "Tomáš Říha" },
	{ name: "lena", display_name: "Lena Vogt" },
].map((one) => ({ ...one, password: `paper boats of ${one.name}` }));

// Makes the picture of the README: people have moved in, and the owner looks at one of them.
story(
	"the desktop has its picture taken",
	async ({ claimed, visit }) => {
		if (!found("pngquant")) throw new Error("pngquant makes the picture small: apt-get install pngquant");
		const owner = await claimed();
		for (const one of people) await (await owner.add(one)).enrol();
		await owner.add(ines);
		await owner.invite({ name: "backup", display_name: "Backup" });
		await owner.arrange({ theme: "light", windows });
		const phone = await owner.enrol();

		const visitor = await visit();
		const { page } = visitor;
		await page.getByLabel("User name").fill(marta.name);
		await page.getByLabel("Password", { exact: true }).fill(marta.password);
		await page.getByLabel("Password", { exact: true }).press("Enter");
		await enterCode(visitor, phone);
		await desktop(visitor);
		await page.getByText("Clock in step with network time").first().waitFor();
		await page.getByText("Healthy").first().waitFor();
		await page.getByRole("button", { name: ines.display_name }).click();
		await page.getByRole("form", { name: "Edit user" }).waitFor();
		expect(await page.locator(".window").count()).toBe(windows.length);
		// No caret and no ring: nobody is at the keyboard.
		await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
		await page.screenshot({ path: target, caret: "hide", animations: "disabled" });
		await run("pngquant", ["--force", "--strip", "--quality", "70-98", "--output", target, target]);
	},
	{ needs: ["oathtool"], sizes: { wide: sizes.wide } },
);
