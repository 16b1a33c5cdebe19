import { expect } from "vitest";
import { desktop, enterCode, open, signIn, userMenu } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

/** What must stay the text it is: markup, templates, addresses and escapes. */
const texts = [
	"<script>alert(1)</script>",
	"<img src=x onerror=alert(2)>",
	"<svg/onload=alert(3)>",
	"'\"><iframe src=javascript:alert(4)>",
	"{{constructor.constructor('alert(5)')()}}",
	"$" + "{alert(6)}",
	"javascript:alert(7)",
	"</title><script>alert(8)</script>",
	"<a href=//elsewhere.example>open</a>",
	"&lt;b&gt; %3Cb%3E \\u003cb\\u003e",
];
const [script = "", image = "", vector = "", frame = ""] = texts;
const owner = { ...marta, display_name: image };
/** Turns the writing round. */
const bidi = "\u202egpj.exe";

// R117: stored text is shown as text. Dialogs, policy reports and requests to elsewhere fail any story.
story(
	"hostile texts are shown as the texts they are",
	async ({ claimed, remote, visit }) => {
		const admin = await claimed(owner);
		for (const [place, display_name] of texts.entries())
			await admin.invite({ name: `guest${place}`, display_name });
		await expect(admin.invite({ name: "guest", display_name: bidi })).rejects.toThrow("422");
		const stranger = await remote();
		await stranger.fail(script, frame);
		await stranger.fail(bidi, vector);
		const phone = await admin.enrol(vector);

		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, owner);
		await page.getByText(image).waitFor();
		await visitor.look("hostile-code");
		await enterCode(visitor, phone);
		await desktop(visitor);
		await (await userMenu(visitor)).getByText(image).waitFor();
		await page.keyboard.press("Escape");

		const users = await open(visitor, "Access Control");
		for (const text of texts) await users.getByText(text, { exact: true }).first().waitFor();
		await visitor.look("hostile-users");
		await users.getByRole("button", { name: script }).click();
		await page.getByRole("button", { name: "Delete user" }).click();
		await page.getByRole("heading", { name: `Delete ${script}?` }).waitFor();
		await visitor.look("hostile-delete");
		await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).last().click();
		await page.getByRole("button", { name: "Close panel" }).click();

		const log = await open(visitor, "Log");
		await log.getByText(`“${vector}”`).first().waitFor();
		await log.getByRole("button", { name: "Sign-in refused" }).last().click();
		await log.getByText(frame, { exact: true }).waitFor();
		await visitor.look("hostile-log");
		expect(await log.getByText("\u202e").count()).toBe(0);

		const personal = await open(visitor, "Personal Settings", "Security");
		await personal.getByText(vector).waitFor();
		await visitor.look("hostile-devices");
	},
	{ needs: ["oathtool"] },
);
