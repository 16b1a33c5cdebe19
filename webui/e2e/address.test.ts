import { expect } from "vitest";
import { desktop, mayEnd, open, signIn, turnedAway } from "./desk";
import { marta } from "./remote";
import { post, story } from "./story";

const old = `${marta.email}`;
const fresh = "marta@elsewhere.example";

// R062: a new address counts when its code came back; until then the old one is in force. The old address is told and
// can take the change back, by a link that does nothing before its button is pressed.
story(
	"an e-mail address is changed, and the change undone from the old one",
	async ({ nas, claimed, mailed, visit }) => {
		const mta = await mailed(await claimed(), old);
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Account");
		await win.getByText("Confirmed", { exact: true }).waitFor();
		await win.getByLabel("E-mail address").fill(fresh);
		await win.getByRole("button", { name: "Save", exact: true }).last().click();
		await win.getByText(`${fresh} waits for a code.`).waitFor();
		await win.getByText(`${old} stays your address.`).waitFor();
		await win.getByRole("button", { name: /^Send again in/ }).waitFor();
		await visitor.look("address-code");
		const field = win.getByLabel("Code from the e-mail");
		const code = await mta.code(fresh);
		visitor.expects("/me/email/confirmation", 422);
		await field.fill(code.replace(/./g, (digit) => `${(Number(digit) + 5) % 10}`));
		await win.getByText("That code is not right.").waitFor();
		await visitor.look("address-wrong");
		await field.fill(code);
		await page.getByText("E-mail address confirmed").waitFor();
		expect(await win.getByLabel("E-mail address").inputValue()).toBe(fresh);
		await visitor.look("address-confirmed");

		const { text } = await mta.mail(old, "#undo=");
		const token = text.match(/#undo=(\S+)/)?.[1];
		const stranger = await visit();
		await stranger.page.goto("about:blank");
		await stranger.page.goto(`${nas.address}/#undo=${token}`);
		await stranger.page.getByRole("heading", { name: "Undo the change of your e-mail address?" }).waitFor();
		expect(stranger.page.url()).toBe(`${nas.address}/`);
		await stranger.look("undo");
		mayEnd(visitor);
		await stranger.page.getByRole("button", { name: "Undo the change" }).click();
		await stranger.page.getByRole("heading", { name: "Your old e-mail address is back" }).waitFor();
		await stranger.look("undo-done");
		await stranger.page.getByRole("button", { name: "Go to sign-in" }).click();
		await stranger.page.getByLabel("User name").waitFor();

		// Once is enough, and the link is known to a page that stands open, too.
		stranger.expects("/email/undo", 410);
		await stranger.page.evaluate((hash) => location.assign(hash), `#undo=${token}`);
		await stranger.page.getByRole("button", { name: "Undo the change" }).click();
		await stranger.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
		await stranger.look("undo-gone");

		await turnedAway(visitor);
		await signIn(visitor, marta);
		await desktop(visitor);
		await open(visitor, "Personal Settings", "Account");
		expect(await win.getByLabel("E-mail address").inputValue()).toBe(old);
	},
	{ needs: post },
);

story("without a mail server a new address counts at once", async ({ claimed, visit }) => {
	await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await open(visitor, "Personal Settings", "Account");
	await win.getByLabel("E-mail address").fill(fresh);
	await win.getByRole("button", { name: "Save", exact: true }).last().click();
	await page.getByText("E-mail address saved").waitFor();
	await win.getByText("Not confirmed").waitFor();
	await win.getByRole("button", { name: "Send a code" }).click();
	await win.getByText("No code was sent: this NAS has no mail server yet.").waitFor();
	await visitor.look("address-no-mail");
});
