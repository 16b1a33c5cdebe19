import { expect } from "vitest";
import { codeField, desktop, enterCode, open, saveCodes, signIn, signOut } from "./desk";
import { marta } from "./remote";
import { post, story } from "./story";
import type { Visitor } from "./visitor";

const address = `${marta.email}`;
const masked = "m•••@l•••.example";
const subject = "Your Castellan authentication code";
const mailField = ({ page }: Visitor) => page.getByLabel("Code from the e-mail");
const send = ({ page }: Visitor) => page.getByRole("button", { name: `Send code to ${masked}` });

const other = (code: string) => code.replace(/./g, (digit) => `${(Number(digit) + 5) % 10}`);

// R009: an app is never replaced by mail without a word: nothing is sent before the person presses for it. R061: the
// next one has to wait. R138: without the mail server the other ways are offered.
story(
	"a code by e-mail signs in, and without the mail server another way does",
	async ({ claimed, mailed, visit }) => {
		const owner = await claimed();
		const phone = await owner.enrol();
		const mta = await mailed(owner, address);
		await owner.enrolEmail(mta, address);
		const codes = async () => (await mta.mails(address)).filter((mail) => mail.subject === subject).length;
		const before = await codes();

		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await codeField(visitor).waitFor();
		await page.getByRole("button", { name: "Try another way" }).click();
		await page.getByRole("button", { name: "Code by e-mail" }).click();
		await send(visitor).waitFor();
		await visitor.look("mail-ask");
		expect(await codes()).toBe(before);
		await send(visitor).click();
		await mailField(visitor).waitFor();
		await page.getByRole("button", { name: /^Send again in 0:\d\d$/ }).waitFor();
		await page.getByText("It can take a minute; look in the spam folder.").waitFor();
		await visitor.look("mail-sent");
		const code = await mta.code(address, before + 1);
		visitor.expects("/sign-in/code", 401);
		await mailField(visitor).fill(other(code));
		await page.getByText("That code is not right.").waitFor();
		await visitor.look("mail-wrong");
		await mailField(visitor).fill(code);
		await desktop(visitor);
		await signOut(visitor);

		// The way that was used last is offered first.
		await mta.stop();
		visitor.expects("/sign-in/email", 409);
		await signIn(visitor, marta);
		await send(visitor).click();
		await page.getByText("The mail could not be sent.").waitFor();
		await visitor.look("mail-down");
		await page.getByRole("button", { name: "Authenticator app" }).click();
		await enterCode(visitor, phone);
		await desktop(visitor);
	},
	{ needs: ["oathtool", ...post] },
);

// R062: e-mail becomes a way in only when a code that was sent to the address came back. R071: the recovery codes come
// first. R055: it is turned off with the password and a code, here one by e-mail.
story(
	"2-step verification is turned on and off with e-mail alone",
	async ({ claimed, mailed, visit }) => {
		const mta = await mailed(await claimed(), address);
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		const box = win.getByRole("checkbox", { name: "Enable 2-step verification" });
		await box.click();
		await page.getByRole("radio", { name: "Codes by e-mail" }).check();
		await visitor.look("wizard-email");
		await page.getByRole("button", { name: "Send code" }).click();
		await page.getByRole("heading", { name: "Save your recovery codes" }).waitFor();
		await visitor.look("wizard-codes");
		await saveCodes(visitor);
		await page.getByRole("heading", { name: "Confirm your e-mail" }).waitFor();
		await visitor.look("wizard-email-code");
		const code = await mta.code(address, 2);
		visitor.expects("/me/two-step/email/confirmation", 422);
		await mailField(visitor).fill(other(code));
		await page.getByText("That code is not right.").waitFor();
		await mailField(visitor).fill(code);
		await page.getByRole("heading", { name: "2-step verification is on" }).waitFor();
		await visitor.look("wizard-email-done");
		await page.getByRole("button", { name: "OK", exact: true }).click();
		await win.getByText(`To ${address}`).waitFor();
		await visitor.look("security-email");

		await box.click();
		const dialog = page.getByRole("dialog", { name: "Turn off 2-step verification?" });
		await dialog.getByLabel("Your password", { exact: true }).fill(marta.password);
		await dialog.getByRole("button", { name: `Send code to ${address}` }).click();
		await mailField(visitor).fill(await mta.code(address, 3));
		await visitor.look("turn-off-email");
		await dialog.getByRole("button", { name: "Turn off" }).click();
		await win.getByText("2-step verification is off.").waitFor();
	},
	{ needs: post },
);
