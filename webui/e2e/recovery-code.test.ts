import { expect } from "vitest";
import { codeField, desktop, enterCode, open, scanned, signIn, signOut } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

async function byRecoveryCode(visitor: Visitor, code: string | undefined) {
	const { page } = visitor;
	await signIn(visitor, marta);
	await page.getByRole("button", { name: "Try another way" }).click();
	await page.getByRole("button", { name: "Recovery code" }).click();
	await page.getByLabel("Recovery code").fill(`${code}`);
	await visitor.look("sign-in-recovery");
	await page.getByRole("button", { name: "Confirm" }).click();
	await desktop(visitor);
	await page.getByRole("heading", { name: "Repair your ways in" }).waitFor();
}

// R066, R071: whoever has lost the phone gets in with a recovery code, as people type it, and mends their ways in: a
// new device, the lost one removed, and with one more code 2-step verification turned off by the password alone.
story(
	"a recovery code opens the desktop at what has to be mended",
	async ({ claimed, visit }) => {
		const owner = await claimed();
		await owner.enrol("Lost phone");
		const visitor = await visit();
		const { page } = visitor;
		await byRecoveryCode(visitor, owner.codes[0]?.toLowerCase().replaceAll("-", " "));
		const win = page.locator("[data-window=personal]");
		await win.getByText("9 are left").waitFor();
		await visitor.look("repair");
		await win.getByRole("button", { name: "Add device" }).first().click();
		await page.getByLabel("Name of the device").fill("New phone");
		await page.getByRole("button", { name: "Continue" }).click();
		const phone = await scanned(visitor);
		await page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await page.getByText("New phone is confirmed").waitFor();
		await win.getByText("Repair your ways in").waitFor({ state: "detached" });
		await win.getByRole("button", { name: "Remove Lost phone" }).click();
		await page.getByRole("button", { name: "Remove device" }).click();
		await win.getByText("Lost phone").first().waitFor({ state: "detached" });
		await signOut(visitor);

		// A code works once.
		visitor.expects("/sign-in/code", 401);
		await signIn(visitor, marta);
		await page.getByRole("button", { name: "Try another way" }).click();
		await page.getByRole("button", { name: "Recovery code" }).click();
		await page.getByLabel("Recovery code").fill(`${owner.codes[0]}`);
		await page.getByRole("button", { name: "Confirm" }).click();
		await page.getByText("That code is not right.").waitFor();
		await page.getByRole("button", { name: "Not you?" }).click();

		await byRecoveryCode(visitor, owner.codes[1]);
		await win.getByRole("checkbox", { name: "Enable 2-step verification" }).click();
		const dialog = page.getByRole("dialog", { name: "Turn off 2-step verification?" });
		await dialog.getByLabel("Your password", { exact: true }).fill(marta.password);
		expect(await codeField(visitor).count()).toBe(0);
		await visitor.look("repair-off");
		await dialog.getByRole("button", { name: "Turn off" }).click();
		await win.getByText("2-step verification is off.").waitFor();
		await signOut(visitor);
		await signIn(visitor, marta);
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);

// R072: new codes are pressed for when three are left.
story(
	"few recovery codes are told on the desktop and in Security",
	async ({ claimed, remote, visit }) => {
		const owner = await claimed();
		const phone = await owner.enrol();
		for (const code of owner.codes.slice(0, 7)) await (await remote()).recover(marta, code);
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await enterCode(visitor, phone);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		await win.getByText("3 of 10 left").waitFor();
		await win.getByText("Few are left.").waitFor();
		await visitor.look("codes-few");
		if (visitor.phone) await page.getByRole("button", { name: "Back to the desktop" }).last().click();
		await page.getByRole("button", { name: /Look at this|things? to look at/ }).click();
		await page.getByRole("button", { name: "Recovery codes" }).waitFor();
		await visitor.look("health-codes");
	},
	{ needs: ["oathtool"] },
);
