import { desktop, open, saveCodes, signIn } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";

// Every look also finds what is wider than its room.
story(
	"a small screen and a zoomed one need no scrolling sideways",
	async ({ claimed, visit, size }) => {
		const name = `at-${size.width}`;
		await (await claimed()).invite({
			...ines,
			display_name: "Inês Alexandrina da Conceição Duarte e Albuquerque",
		});
		const visitor = await visit();
		const { page } = visitor;
		await page.getByLabel("User name").waitFor();
		await visitor.look(`${name}-sign-in`);
		await signIn(visitor, marta);
		await desktop(visitor);
		await visitor.look(`${name}-home`);
		await open(visitor, "Access Control");
		await page.getByRole("button", { name: "Inês" }).click();
		await page.getByRole("form", { name: "Edit user" }).waitFor();
		await visitor.look(`${name}-edit`);
		await page.getByRole("button", { name: "Cancel" }).click();
		await visitor.look(`${name}-users`);
		for (const at of ["Groups", "Policies"]) {
			await open(visitor, "Access Control", at);
			await visitor.look(`${name}-${at.toLowerCase()}`);
		}
		for (const at of ["General", "Network", "Date & Time", "Notification", "Reset button"]) {
			await open(visitor, "Settings", at);
			await visitor.look(`${name}-${at.split(" ")[0]?.toLowerCase()}`);
		}
		await open(visitor, "Log");
		await visitor.look(`${name}-log`);
		await open(visitor, "Help", "API");
		await page.getByRole("searchbox", { name: "Search operations" }).fill("post /me/tokens");
		await page.getByRole("button", { name: "/api/v1/me/tokens" }).first().click();
		await visitor.look(`${name}-reference`);
		await open(visitor, "Personal Settings", "API access");
		await visitor.look(`${name}-tokens`);
		await page.getByRole("button", { name: "New token" }).first().click();
		await visitor.look(`${name}-token`);
		await page.getByRole("button", { name: "Cancel" }).click();
		await open(visitor, "Personal Settings", "Security");
		await page.getByRole("checkbox", { name: "Enable 2-step verification" }).click();
		await page.getByRole("button", { name: "Continue" }).click();
		await visitor.look(`${name}-codes`);
		await saveCodes(visitor);
		await visitor.look(`${name}-wizard`);
	},
	{ sizes: { zoomed: { width: 720, height: 450 }, narrow: { width: 360, height: 740 } } },
);
