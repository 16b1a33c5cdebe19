import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { sizes } from "./browser";
import { desktop, follow, open, passwordLinks, signIn } from "./desk";
import { ines, marta } from "./remote";
import { post, story } from "./story";

const address = `${ines.email}`;

// R038: an administrator invites and never chooses the password. R073: only the newest link works. R012: a password that
// is tried first is refused.
story(
	"somebody is invited by mail and chooses a password",
	async ({ nas, claimed, mailed, visit }) => {
		const mta = await mailed(await claimed());
		const admin = await visit();
		const { page } = admin;
		await signIn(admin, marta);
		await desktop(admin);
		const win = await open(admin, "Access Control");
		await win.getByRole("button", { name: /^Add/ }).click();
		await page.getByLabel("User name").fill(ines.name);
		await page.getByLabel("Name", { exact: true }).fill(ines.display_name);
		await page.getByText("The NAS makes a temporary password").waitFor();
		await page.getByLabel("E-mail").fill(address);
		await page.getByText("An invitation goes to this address.").waitFor();
		await admin.look("invite-add");
		await page.getByRole("button", { name: "Add user" }).last().click();
		await page.getByText(`An invitation is on its way to ${address}`).waitFor();
		await win.getByText("Invited", { exact: true }).waitFor();
		await admin.look("invited");
		const [older] = passwordLinks((await mta.mail(address, "#password=")).text);

		await page.getByRole("button", { name: ines.display_name }).click();
		const panel = page.getByRole("form", { name: "Edit user" });
		await panel.getByText("Not chosen yet.").waitFor();
		await panel.getByRole("button", { name: "Send an invitation" }).click();
		await admin.look("invite-again");
		await page.getByRole("dialog").getByRole("button", { name: "Send mail" }).click();
		await expect.poll(async () => (await mta.mails(address)).length).toBe(2);
		const texts = (await mta.mails(address)).map(({ text }) => text);
		const newer = texts.flatMap(passwordLinks).find((link) => link !== older);

		const user = await visit();
		user.expects("/password-link", 410);
		await follow(user, nas.address, `${older}`);
		await user.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
		await follow(user, nas.address, `${newer}`);
		await user.page.getByRole("heading", { name: `Welcome, ${ines.display_name}` }).waitFor();
		await user.look("welcome");
		const field = user.page.getByLabel("New password", { exact: true });
		const repeat = user.page.getByLabel("Repeat the password", { exact: true });
		user.expects("/password-link/password", 422);
		await field.fill("castellancastellan");
		await repeat.fill("castellancastellan");
		await user.page.getByRole("button", { name: "Save password" }).click();
		await user.page.getByText("one of the passwords that are tried first").waitFor();
		await field.fill(ines.password);
		await repeat.fill(ines.password);
		await user.page.getByRole("button", { name: "Save password" }).click();
		await user.page.getByRole("heading", { name: "Your password is set" }).waitFor();
		await user.look("welcome-set");
		await user.page.getByRole("button", { name: "Go to sign-in" }).click();
		await signIn(user, ines);
		await desktop(user);
	},
	{ needs: post },
);

const people = [
	"name;e-mail;group",
	`Inês Duarte;${address};family`,
	"Jonas Berg;;family",
	"marta;;",
	"lena;no address;",
	"tomas;;administrators",
	"Lena Vogt;lena@vogt.example;",
].join("\n");

story(
	"people are imported from a list with good and bad lines",
	async ({ claimed, mailed, visit }) => {
		const mta = await mailed(await claimed());
		const admin = await visit();
		const { page } = admin;
		await signIn(admin, marta);
		await desktop(admin);
		const win = await open(admin, "Access Control");
		await win.getByRole("button", { name: "Import" }).click();
		await admin.look("import");
		const file = (buffer: Buffer) => ({ name: "people.csv", mimeType: "text/csv", buffer });
		await win.getByLabel("File with people").setInputFiles(file(Buffer.from("In\u00eas;;", "latin1")));
		await win.getByText("This file is no UTF-8 text.").waitFor();
		await admin.look("import-encoding");
		await win.getByLabel("File with people").setInputFiles(file(Buffer.from(people)));
		await win
			.getByText("3 people can be added: 2 with an invitation by mail, 1 with a temporary password.")
			.waitFor();
		await win.getByText("One group is added:").waitFor();
		await win.getByText("3 lines cannot be added.").waitFor();
		await admin.look("import-look");
		const release = await admin.holds("/users");
		await win.getByRole("button", { name: "Add 3 people" }).click();
		await win.getByText("0 of 3 people done.").waitFor();
		await admin.look("import-adding");
		await release();
		await win.getByText("3 people were added, 3 not.").waitFor();
		await admin.look("import-done");
		const password = `${await win.locator("dd code").textContent()}`;
		const saving = page.waitForEvent("download");
		await win.getByRole("button", { name: "Download the report" }).click();
		const report = await readFile(await (await saving).path(), "utf8");
		expect(report).toContain('"2";"ines.duarte";"Inês Duarte"');
		expect(report).not.toContain(password);
		await page.emulateMedia({ media: "print" });
		await page.getByText(`Temporary password: ${password}`).waitFor();
		await page.emulateMedia({ media: "screen" });
		await win.getByRole("button", { name: "Done" }).click();
		// The passwords are gone with the page, so it asks.
		await page.getByText("Their temporary passwords are not shown again").waitFor();
		await page.getByRole("button", { name: "Leave", exact: true }).click();
		await win.getByText("Jonas Berg").first().waitFor();
		await admin.look("import-users");
		await mta.mail(address, "#password=");

		const jonas = await visit();
		await signIn(jonas, { name: "jonas.berg", password });
		await jonas.page.getByRole("heading", { name: "Choose your own password" }).waitFor();
		await jonas.look("own-password-imported");
	},
	{ needs: post, sizes: { ...sizes, small: { width: 360, height: 740 } } },
);
