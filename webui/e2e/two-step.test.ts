import { expect } from "vitest";
import { connect, desktop, open, signIn } from "./desk";
import { read } from "./qr";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** The QR code, which a phone shows only when it is asked for. */
async function picture({ page, phone }: Visitor) {
	if (phone) await page.getByRole("button", { name: "Show QR code for another device" }).click();
	return page.getByRole("img", { name: "QR code" });
}

// R049: nothing is active before a right code came, and leaving in the middle changes nothing.
// R056: turning it on ends the person's other sessions.
story(
	"2-step verification is turned on with an authenticator app",
	async ({ claimed, visit }) => {
		const elsewhere = await claimed();
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		const box = win.getByRole("checkbox", { name: "Enable 2-step verification" });
		await box.waitFor();
		await visitor.look("security-off");

		// Left half way: asked first, and then nothing is left of it.
		await box.click();
		await page.getByRole("heading", { name: "Choose a way" }).waitFor();
		await visitor.look("wizard-app");
		const first = await connect(visitor);
		await page.keyboard.press("Escape");
		await visitor.look("wizard-stop");
		await page.getByRole("button", { name: "Stop", exact: true }).click();
		expect((await elsewhere.get("/me")).two_step).toBe(false);

		await box.click();
		const phone = await connect(visitor);
		expect(phone.key).not.toBe(first.key);
		const code = await picture(visitor);
		const link = await page.getByRole("link", { name: "Open in authenticator app" }).getAttribute("href");
		for (const colorScheme of ["dark", "light"] as const) {
			await page.emulateMedia({ colorScheme });
			const shown = await read(code);
			expect(shown).toBe(link);
			expect(new URL(shown).searchParams.get("secret")).toBe(phone.key);
		}

		const field = page.getByLabel("Enter the code the app shows");
		visitor.expects("/me/two-step/devices/{id}/confirmation", 422);
		await field.fill(await phone.off(-3));
		await page.getByText("The clock of your phone is about 2 minutes behind").waitFor();
		await visitor.look("wizard-wrong-code");
		expect((await elsewhere.get("/me")).two_step).toBe(false);

		await page.getByLabel("Name of this device").fill("Marta’s phone");
		await field.fill(await phone.fresh());
		await page.getByRole("heading", { name: "2-step verification is on" }).waitFor();
		await page.getByText("1 signed out").waitFor();
		await visitor.look("wizard-done");
		await expect(elsewhere.get("/me")).rejects.toThrow("401");
		await page.getByRole("button", { name: "OK", exact: true }).click();
		await win.getByText("Marta’s phone").waitFor();
		expect(await box.isChecked()).toBe(true);
		await visitor.look("security-on");
	},
	{ needs: ["oathtool", "zbarimg"] },
);
