import { expect } from "vitest";
import { connect, desktop, open } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

// R007, R140: a NAS that nobody owns is claimed with its own default password, which is then replaced.
// R027: password fields mask what is typed, can be revealed and take what is pasted.
story("a new NAS is claimed with its default password", async ({ nas, visit }) => {
	const visitor = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
	const { page } = visitor;
	// As people type it from a label: in capitals and without dashes.
	const label = (await nas.defaultPassword()).toUpperCase().replaceAll("-", " ");
	await page.getByLabel("Default password").fill(label);
	await visitor.look("claim-proof");
	await page.getByRole("button", { name: "Continue" }).click();

	await page.getByLabel("Your name").fill(marta.display_name);
	await page.getByLabel("User name").fill(marta.name);
	const password = page.getByLabel("Password", { exact: true });
	expect(await password.getAttribute("type")).toBe("password");
	expect(await password.getAttribute("autocomplete")).toBe("new-password");
	await page.evaluate((text) => navigator.clipboard.writeText(text), marta.password);
	await password.press("Control+v");
	await page.getByRole("button", { name: "Show password" }).click();
	expect(await password.getAttribute("type")).toBe("text");
	expect(await password.inputValue()).toBe(marta.password);
	await page.getByRole("button", { name: "Show password" }).click();
	await visitor.look("claim-account");
	await page.getByRole("button", { name: "Continue" }).click();

	await page.getByLabel("Name of this NAS").fill(marta.nas_name);
	await visitor.look("claim-nas");
	await page.getByRole("button", { name: "Claim this NAS" }).click();

	await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
	await visitor.look("claim-two-step");
	await page.getByRole("button", { name: "Not now" }).click();
	await visitor.look("claim-later");
	await page.getByRole("button", { name: "Not now" }).last().click();
	await desktop(visitor);
	await visitor.look("desktop-new");
	expect(await page.title()).toBe("attic-nas · Castellan");

	// R008: by “Not now” nobody has to use 2-step verification, until the owner decides otherwise.
	const win = await open(visitor, "Access Control", "Policies");
	expect(await win.getByRole("radio", { name: "Nobody" }).first().isChecked()).toBe(true);
	await visitor.look("policies");
});

// R008: the new owner turns 2-step verification on before the desktop opens, and it stays on.
story(
	"whoever claims a NAS turns 2-step verification on",
	async ({ nas, visit }) => {
		const visitor = await visit();
		const { page } = visitor;
		await page.getByLabel("Default password").fill(await nas.defaultPassword());
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByLabel("Your name").fill(marta.display_name);
		await page.getByLabel("User name").fill(marta.name);
		await page.getByLabel("Password", { exact: true }).fill(marta.password);
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByLabel("Name of this NAS").fill(marta.nas_name);
		await page.getByRole("button", { name: "Claim this NAS" }).click();

		await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
		const phone = await connect(visitor);
		await page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await page.getByRole("heading", { name: "2-step verification is on" }).waitFor();
		await visitor.look("claim-two-step-on");
		await page.getByRole("button", { name: "Open the desktop" }).click();
		await desktop(visitor);
		const win = await open(visitor, "Access Control", "Policies");
		expect(await win.getByRole("radio", { name: "Administrators" }).first().isChecked()).toBe(true);
	},
	{ needs: ["oathtool"] },
);
