import { expect } from "vitest";
import { codeField, desktop, open, saveCodes, signIn, signOut } from "./desk";
import { Phone } from "./phone";
import { read } from "./qr";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** How far the clock of the second device is ahead: less than a code lasts. */
const ahead = 25_000;

/** A phone that has scanned the QR code on the screen. */
async function scan({ page, phone }: Visitor): Promise<Phone> {
	if (phone) await page.getByRole("button", { name: "Show QR code for another device" }).click();
	const link = await read(page.getByRole("img", { name: "QR code" }));
	return new Phone(`${new URL(link).searchParams.get("secret")}`, ahead);
}

async function signInWith(visitor: Visitor, code: () => Promise<string>) {
	await signIn(visitor, marta);
	await codeField(visitor).waitFor();
	await codeField(visitor).fill(await code());
}

// R050: several named devices, each with a key of its own; when one is removed, the others go on. R049: a new one is
// worth nothing before its first right code.
story(
	"two devices are used side by side, and one is removed",
	async ({ claimed, visit }) => {
		const elsewhere = await claimed();
		const first = await elsewhere.enrol("Marta’s phone");
		const visitor = await visit();
		const { page } = visitor;
		await signInWith(visitor, () => first.fresh());
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		await win.getByRole("button", { name: "Add device" }).click();
		await page.getByLabel("Name of the device").fill("Tablet");
		await visitor.look("device-name");
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByRole("heading", { name: "Connect Tablet" }).waitFor();
		const tablet = await scan(visitor);
		await visitor.look("device-connect");

		await page.getByRole("button", { name: "Later" }).click();
		await win.getByText("Waiting for a code").waitFor();
		await visitor.look("device-waiting");
		expect((await elsewhere.get("/me/two-step")).devices).toHaveLength(1);
		await win.getByRole("button", { name: "Enter the code" }).click();
		await page.getByLabel("Enter the code the app shows").fill(await tablet.shown());
		await page.getByText("Tablet is confirmed").waitFor();

		await win.getByRole("button", { name: "Rename Tablet" }).click();
		await win.getByLabel("Name of the device").fill("Kitchen tablet");
		await visitor.look("device-rename");
		await win.getByRole("button", { name: "Save", exact: true }).click();
		await win.getByText("Kitchen tablet").first().waitFor();
		await visitor.look("devices");
		await signOut(visitor);
		await signInWith(visitor, () => tablet.shown());
		await desktop(visitor);
		await signOut(visitor);
		await signInWith(visitor, () => first.fresh());
		await desktop(visitor);

		await open(visitor, "Personal Settings", "Security");
		await win.getByRole("button", { name: "Remove Marta’s phone" }).click();
		await visitor.look("device-remove");
		await page.getByRole("button", { name: "Remove device" }).click();
		await win.getByText("Marta’s phone").first().waitFor({ state: "detached" });
		await win.getByRole("button", { name: "Remove Kitchen tablet" }).click();
		await page.getByRole("heading", { name: "Kitchen tablet is your last way in" }).waitFor();
		await visitor.look("device-last");
		await page.getByRole("button", { name: "Cancel" }).click();
		await signOut(visitor);
		visitor.expects("/sign-in/code", 401);
		await signInWith(visitor, () => first.fresh());
		await page.getByText("That code is not right.").waitFor();
		await codeField(visitor).fill(await tablet.shown());
		await desktop(visitor);
	},
	{ needs: ["oathtool", "zbarimg"] },
);

// R066, R070, R071: ten recovery codes, shown this once, saved before they count; new ones void the old.
story(
	"new recovery codes take the place of the old",
	async ({ claimed, visit }) => {
		const owner = await claimed();
		const phone = await owner.enrol();
		const visitor = await visit();
		const { page } = visitor;
		await signInWith(visitor, () => phone.fresh());
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		await win.getByText("10 of 10 left").waitFor();
		await win.getByRole("button", { name: "Make new codes" }).click();
		await visitor.look("codes-question");
		await page.getByRole("dialog").getByRole("button", { name: "Make new codes" }).last().click();
		await page.getByRole("heading", { name: "Save your recovery codes" }).waitFor();
		expect(await page.getByRole("button", { name: "Done" }).isDisabled()).toBe(true);
		await page.keyboard.press("Escape");
		const downloading = page.waitForEvent("download");
		await page.getByRole("button", { name: "Download" }).click();
		const download = await downloading;
		expect(download.suggestedFilename()).toBe("recovery codes marta attic-nas.txt");
		await visitor.look("codes");
		await page.emulateMedia({ media: "print" });
		await page.getByText("Recovery codes of marta on attic-nas").waitFor();
		expect(await page.getByRole("heading", { name: "Save your recovery codes" }).isVisible()).toBe(false);
		await visitor.picture("codes-paper");
		await page.emulateMedia({ media: "screen" });
		const codes = await saveCodes(visitor, "Done");
		expect(codes).toHaveLength(10);
		for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
		await expect.poll(() => page.getByText(`${codes[0]}`).count()).toBe(0);

		await signOut(visitor);
		await signIn(visitor, marta);
		await page.getByRole("button", { name: "Try another way" }).click();
		await page.getByRole("button", { name: "Recovery code" }).click();
		const field = page.getByLabel("Recovery code");
		await field.fill("I am not one");
		await page.getByRole("button", { name: "Confirm" }).click();
		await page.getByText("A recovery code has 24 letters and digits.").waitFor();
		await visitor.look("sign-in-recovery-wrong");
		visitor.expects("/sign-in/code", 401);
		await field.fill(`${owner.codes[0]}`);
		await page.getByRole("button", { name: "Confirm" }).click();
		await page.getByText("That code is not right.").waitFor();
		await field.fill(`${codes[0]}`);
		await page.getByRole("button", { name: "Confirm" }).click();
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);
