import { expect } from "vitest";
import { desktop, enterCode, follow, mayEnd, passwordLinks, signIn, turnedAway } from "./desk";
import type { Mta } from "./mta";
import { marta, type Remote } from "./remote";
import { post, story } from "./story";
import type { Visitor } from "./visitor";

const address = `${marta.email}`;
const second = { name: "lind", display_name: "Lind family", email: address };
const asking = "Forgot your account or password?";

/** Asks for the mail, as a stranger does. */
async function forget({ page }: Visitor, email: string) {
	await page.getByRole("button", { name: asking }).click();
	await page.getByRole("heading", { name: asking }).waitFor();
	await page.getByLabel("E-mail address").fill(email);
	await page.getByRole("button", { name: "Send the mail" }).click();
	await page.getByRole("heading", { name: "Look in your mail" }).waitFor();
}

/** A second account with the address of the first, confirmed by its invitation. */
async function another(owner: Remote, mta: Mta, remote: () => Promise<Remote>) {
	await owner.invite(second);
	const [link] = passwordLinks((await mta.mail(address, "Choose your password")).text);
	await (await remote()).follow(`${link}`, "seven wooden boats ashore");
}

const asked = ({ page }: Visitor, email: string) =>
	page
		.locator(".card")
		.textContent()
		.then((text) => `${text}`.replace(email, "ADDRESS").replace(/\d+:\d\d/, "TIME"));

// R034: the second factor stays in force and a link signs nobody in. R073: a link works once. R076: it leaves the
// address bar. R077: opening it changes nothing. R079: all sessions end. R080: every account of the address has a link of
// its own, told by mail alone; the page says the same to everybody (R029).
story(
	"a forgotten password is set anew by mail, where two accounts share the address",
	async ({ nas, claimed, remote, mailed, visit }) => {
		const owner = await claimed();
		const mta = await mailed(owner, address);
		await another(owner, mta, remote);
		const phone = await owner.enrol();
		const elsewhere = await visit();
		await signIn(elsewhere, marta);
		await enterCode(elsewhere, phone);
		await desktop(elsewhere);

		const visitor = await visit();
		const { page } = visitor;
		await page.getByRole("button", { name: asking }).click();
		await visitor.look("forgotten");
		await page.getByRole("button", { name: "Back to sign in" }).click();
		await forget(visitor, address);
		await visitor.look("forgotten-asked");
		const stranger = await visit();
		await forget(stranger, "nobody@nowhere.example");
		expect(await asked(stranger, "nobody@nowhere.example")).toBe(await asked(visitor, address));

		const mail = await mta.mail(address, "Several accounts");
		expect(mail.subject).toBe("Reset your Castellan password");
		expect(mail.text).toContain(`User name ${marta.name}:`);
		expect(mail.text).toContain(`User name ${second.name}:`);
		const links = passwordLinks(mail.text);
		expect(links).toHaveLength(2);
		const order = mail.text.indexOf(`name ${marta.name}:`) < mail.text.indexOf(`name ${second.name}:`);
		const [mine, other] = (order ? links : links.reverse()) as [string, string];

		for (let times = 0; times < 2; times++) {
			await follow(visitor, nas.address, mine);
			await page.getByRole("heading", { name: `Choose a new password for ${marta.name}` }).waitFor();
			expect(page.url()).toBe(`${nas.address}/`);
		}
		await visitor.look("link");
		const field = page.getByLabel("New password", { exact: true });
		const repeat = page.getByLabel("Repeat the password", { exact: true });
		await field.fill("passwordpassword");
		await page.getByText("Easy to guess").waitFor();
		await repeat.fill("passwordpassword.");
		await page.getByRole("button", { name: "Save password" }).click();
		await page.getByText("The two are not the same.").waitFor();
		await repeat.fill("passwordpassword");
		visitor.expects("/password-link/password", 422);
		await page.getByRole("button", { name: "Save password" }).click();
		await page.getByText("one of the passwords that are tried first").waitFor();
		await visitor.look("link-refused");
		await page.getByRole("button", { name: "Suggest a passphrase" }).click();
		await page.getByText("random words, about 64 bits").waitFor();
		await visitor.look("link-suggested");
		const password = await field.inputValue();
		expect(password.split(" ")).toHaveLength(5);
		expect(await repeat.inputValue()).toBe(password);
		mayEnd(elsewhere);
		await page.getByRole("button", { name: "Save password" }).click();
		await page.getByRole("heading", { name: "Your password is set" }).waitFor();
		await visitor.look("link-set");
		expect((await page.context().cookies()).filter(({ name }) => /session/i.test(name))).toEqual([]);

		await turnedAway(elsewhere);
		await page.getByRole("button", { name: "Go to sign-in" }).click();
		expect(await page.getByLabel("User name").inputValue()).toBe(marta.name);
		await page.getByLabel("Password", { exact: true }).fill(password);
		await page.getByRole("button", { name: "Sign in", exact: true }).click();
		await enterCode(visitor, phone);
		await desktop(visitor);

		await follow(visitor, nas.address, other);
		await page.getByText(`${marta.display_name} is signed in in this browser.`).waitFor();
		await visitor.look("link-other");
		await field.fill("nine paper lanterns drift");
		await repeat.fill("nine paper lanterns drift");
		await page.getByRole("button", { name: "Save password" }).click();
		await page.getByRole("heading", { name: "Your password is set" }).waitFor();
		await visitor.look("link-other-set");
		await page.getByRole("button", { name: `Go on as ${marta.display_name}` }).click();
		await desktop(visitor);

		visitor.expects("/password-link", 410);
		await follow(visitor, nas.address, mine);
		await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
		await visitor.look("link-gone");
		await page.getByRole("button", { name: "Ask for another mail" }).click();
		await page.getByRole("heading", { name: asking }).waitFor();
		await page.getByRole("button", { name: "Back to sign in" }).click();
		await desktop(visitor);
	},
	{ needs: ["oathtool", ...post] },
);

story(
	"a NAS without a mail server says beforehand that it cannot send a link",
	async ({ claimed, visit }) => {
		await claimed();
		const visitor = await visit();
		const { page } = visitor;
		await page.getByRole("button", { name: asking }).click();
		await page.getByText("This NAS cannot send mail.").waitFor();
		for (const way of ["Another administrator", "The reset button of the NAS", "The command line of the NAS"])
			await page.getByRole("heading", { name: way }).waitFor();
		expect(await page.getByLabel("E-mail address").count()).toBe(0);
		await visitor.look("forgotten-off");
		await page.getByRole("button", { name: "Back to sign in" }).click();
		await page.getByLabel("User name").waitFor();
	},
);

story(
	"a NAS whose mail fails says so, and still takes the address",
	async ({ claimed, remote, mailed, visit }) => {
		const owner = await claimed();
		const mta = await mailed(owner, address);
		await mta.stop();
		await (await remote()).forget(address);
		await expect.poll(async () => (await owner.get("/status")).mail, { timeout: 60_000 }).toBe("fails");
		const visitor = await visit();
		await visitor.page.getByRole("button", { name: asking }).click();
		await visitor.page.getByText("The last mail of this NAS could not be sent.").waitFor();
		await visitor.look("forgotten-fails");
		await visitor.page.getByLabel("E-mail address").fill(address);
		await visitor.page.getByRole("button", { name: "Send the mail" }).click();
		await visitor.page.getByRole("heading", { name: "Look in your mail" }).waitFor();
	},
	{ needs: post },
);
