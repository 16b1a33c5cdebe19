import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { codeField, desktop, enterCode, open, signIn, signOut } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

const short = "plum tree";

/** Where people change their password. */
const password = (win: Locator) => ({
	present: win.getByLabel("Present password", { exact: true }),
	fresh: win.getByLabel("New password", { exact: true }),
	change: win.getByRole("button", { name: "Change password" }),
});

// R102: a new password ends the other sessions.
story("a password is changed by its owner", async ({ claimed, visit }) => {
	const elsewhere = await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await open(visitor, "Personal Settings", "Security");
	const { present, fresh, change } = password(win);

	visitor.expects("/me/password", 403);
	await present.fill("kestrel lagoon amber summer");
	await fresh.fill("over the hills and far away");
	await change.click();
	await win.getByText("The password is not right.").waitFor();
	await visitor.look("password-wrong");
	expect((await elsewhere.get("/me")).name).toBe(marta.name);

	await present.fill(marta.password);
	await change.click();
	await page.getByText("Password changed").waitFor();
	expect(await fresh.inputValue()).toBe("");
	await expect(elsewhere.get("/me")).rejects.toThrow("401");

	await signOut(visitor);
	visitor.expects("/sign-in", 401);
	await signIn(visitor, marta);
	await page.getByText("The user name or the password is not right.").waitFor();
	await signIn(visitor, { ...marta, password: "over the hills and far away" });
	await desktop(visitor);
});

// R055: 2-step verification is turned off by its owner with the password and a code, not with one of them. R011: a
// password under 15 characters lives beside it, and has to be changed before it stands alone.
story(
	"2-step verification is turned off by its owner",
	async ({ claimed, visit }) => {
		const phone = await (await claimed()).enrol("Marta’s phone");
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await enterCode(visitor, phone);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		const { present, fresh, change } = password(win);
		await present.fill(marta.password);
		await fresh.fill(short);
		await change.click();
		await expect.poll(() => fresh.inputValue()).toBe("");

		const box = win.getByRole("checkbox", { name: "Enable 2-step verification" });
		await box.click();
		const dialog = page.getByRole("dialog", {
			name: /^(Turn off 2-step verification|Change your password first)/,
		});
		const turnOff = dialog.getByRole("button", { name: "Turn off" });
		await dialog.getByLabel("Your password", { exact: true }).fill(short);
		expect(await turnOff.isDisabled()).toBe(true);
		visitor.expects("/me/two-step/off", 403);
		await codeField(visitor).fill(await phone.off(-4));
		await turnOff.click();
		await dialog.getByRole("alert").waitFor();
		await visitor.look("turn-off-wrong");
		visitor.expects("/me/two-step/off", 409);
		await enterCode(visitor, phone);
		await turnOff.click();
		await dialog.getByRole("heading", { name: "Change your password first" }).waitFor();
		await visitor.look("turn-off-short");
		await dialog.getByRole("button", { name: "Change password" }).click();
		await win.getByText("First a password that can stand alone.").waitFor();
		await visitor.look("password-longer");
		await present.fill(short);
		await fresh.fill(marta.password);
		await change.click();

		// The way back to what was wanted is not left to the person.
		await dialog.getByRole("heading", { name: "Turn off 2-step verification?" }).waitFor();
		await dialog.getByLabel("Your password", { exact: true }).fill(marta.password);
		await enterCode(visitor, phone);
		await turnOff.click();
		await win.getByText("2-step verification is off.").waitFor();
		expect(await box.isChecked()).toBe(false);
		expect(await win.getByText("Marta’s phone").count()).toBe(0);
		await signOut(visitor);
		await signIn(visitor, marta);
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);
