import { desktop, home, open, signIn, userMenu } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";

const pages = {
	"Access Control": ["Users", "Groups", "Online users", "Policies"],
	Settings: ["General", "Network", "Date & Time", "Notification", "Defender", "Reset button"],
	Log: ["All entries", "Sign-in", "Clock", "Mail"],
	"Personal Settings": ["Account", "Security", "API access"],
	About: ["Castellan"],
	Help: ["Ways back in", "Keyboard", "API"],
} as const;

// R100: from every page one can sign out.
story("an administrator looks at every page", async ({ nas, claimed, visit }) => {
	await (await claimed()).add(ines);
	await nas.press("300ms");
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	for (const app of Object.keys(pages) as (keyof typeof pages)[]) {
		for (const at of pages[app]) {
			await open(visitor, app, pages[app].length > 1 ? at : undefined);
			await visitor.look(`page-${app}-${at}`.toLowerCase().replace(/\W+/g, "-"));
		}
		if (!visitor.phone)
			await page.locator(".window").getByRole("button", { name: "Close", exact: true }).click();
		await home(visitor);
		await (await userMenu(visitor)).getByRole("button", { name: "Sign out" }).waitFor();
		if (app === "Help") await visitor.look("user-menu");
		await page.keyboard.press("Escape");
	}

	const win = await open(visitor, "Settings", "Reset button");
	await win.getByRole("button", { name: "Show" }).click();
	await win.getByText(await nas.defaultPassword()).waitFor();
	await visitor.look("default-password");
	await home(visitor);
	await page.getByRole("button", { name: /Look at this|things? to look at/ }).click();
	await visitor.look("health");
});
