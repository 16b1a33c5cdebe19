import { expect } from "vitest";
import { codeField, desktop, open, signIn, signOut } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

// R102: a new password ends the other sessions.
story("a password is changed by its owner", async ({ claimed, visit }) => {
	const elsewhere = await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await open(visitor, "Personal Settings", "Security");
	const present = win.getByLabel("Present password", { exact: true });
	const fresh = win.getByLabel("New password", { exact: true });
	const change = win.getByRole("button", { name: "Change password" });

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

// R039: 2-step verification is turned off by its owner with the password and a code, not with one of them.
// R024: a password that is to stand alone must be long enough for that.
story(
	"2-step verification is turned off by its owner",
	async ({ claimed, visit }) => {
		const phone = await (await claimed()).enrol("Marta’s phone");
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await codeField(visitor).fill(await phone.fresh());
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		const box = win.getByRole("checkbox", { name: "Enable 2-step verification" });
		await box.click();
		const dialog = page.getByRole("dialog", { name: "Turn off 2-step verification?" });
		const turnOff = dialog.getByRole("button", { name: "Turn off" });
		await dialog.getByLabel("Your password", { exact: true }).fill(marta.password);
		expect(await turnOff.isDisabled()).toBe(true);
		await codeField(visitor).fill(await phone.off(-4));
		visitor.expects("/me/two-step/off", 403);
		await turnOff.click();
		await dialog.getByRole("alert").waitFor();
		await visitor.look("turn-off-wrong");

		await codeField(visitor).fill(await phone.fresh());
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
