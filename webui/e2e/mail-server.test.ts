import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { Mta } from "./mta";
import { marta } from "./remote";
import { post, story } from "./story";

// R064: mail leaves only for a server whose certificate is right, here by an authority of the owner’s own. What the
// server answers is shown in its own words, and its password never again.
story(
	"a mail server is set up, refuses a test mail and takes the next",
	async ({ claimed, visit }) => {
		await claimed();
		const mta = await Mta.start();
		try {
			const { host, authority, password } = mta.settings;
			const visitor = await visit();
			const { page } = visitor;
			await signIn(visitor, marta);
			await desktop(visitor);
			const win = await open(visitor, "Settings", "Notification");
			await win.getByText("Not set up").waitFor();
			await win.getByLabel("Provider").selectOption({ label: "Gmail" });
			await win.getByText("Google wants an app password").waitFor();
			expect(await win.getByLabel("Server", { exact: true }).inputValue()).toBe("smtp.gmail.com");
			await visitor.look("mail-gmail");

			await win.getByLabel("Provider").selectOption({ label: "Another server" });
			await win.getByLabel("Server", { exact: true }).fill(host);
			await win.getByLabel("Port").selectOption("2525");
			expect(await win.getByLabel("Encryption").inputValue()).toBe("starttls");
			await win.getByLabel("User name").fill("nas");
			await win.getByLabel("Password", { exact: true }).fill("wrong");
			await win.getByLabel("Sender").fill("nas@example.org");
			const test = win.getByRole("button", { name: "Send test mail" });
			await win.getByLabel("Send it to").fill("owner@example.org");
			await test.click();
			await win.getByText("Not sent.").waitFor();
			await visitor.look("mail-untrusted");

			await win.getByText("Certificate", { exact: true }).click();
			await win.getByLabel("Certificate authority").fill(`${authority}`);
			await test.click();
			await win.getByText(/535/).waitFor();
			await visitor.look("mail-refused");
			expect(await mta.mails("owner@example.org")).toHaveLength(0);

			await win.getByLabel("Password", { exact: true }).fill(`${password}`);
			await test.click();
			await win.getByText("Sent.", { exact: true }).waitFor();
			await mta.mail("owner@example.org", "attic-nas");
			await visitor.look("mail-taken");
			await win.getByRole("button", { name: "Save", exact: true }).click();
			await page.getByText("Mail server saved").waitFor();
			expect(await win.getByLabel("Password", { exact: true }).inputValue()).toBe("");
			await win.getByPlaceholder("Kept. Enter a new one to change it.").waitFor();

			// The kept password is for the kept server alone.
			await test.click();
			await win.getByText("Sent.", { exact: true }).waitFor();
			await win.getByLabel("Server", { exact: true }).fill("mail.example.org");
			await test.click();
			await win.getByText("Enter the password for this server and user.").waitFor();
			await win.getByLabel("Server", { exact: true }).fill(host);
			await visitor.look("mail-set");
			await win.getByRole("button", { name: "Remove" }).click();
			await visitor.look("mail-remove");
			await page.getByRole("button", { name: "Remove server" }).click();
			await win.getByText("Not set up").waitFor();
		} finally {
			await mta.stop();
		}
	},
	{ needs: post },
);
