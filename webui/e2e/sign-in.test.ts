import { expect } from "vitest";
import { codeField, desktop, signIn, signOut } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

const refused = ({ page }: Visitor, tries: string) =>
	page.getByText(`That code is not right. Each code works once. ${tries}`).waitFor();

// R041: a code works once. R045: a code of two steps ago is too old.
story(
	"a wrong, an expired and a used code are refused, the next right one opens the desktop",
	async ({ claimed, visit }) => {
		const phone = await (await claimed()).enrol();
		const visitor = await visit();
		const { page } = visitor;
		await page.getByLabel("User name").waitFor();
		await visitor.look("sign-in");
		visitor.expects("/sign-in", 401);
		await signIn(visitor, { ...marta, password: "kestrel lagoon amber summer" });
		await page.getByText("The user name or the password is not right.").waitFor();
		await visitor.look("sign-in-wrong");
		await signIn(visitor, marta);

		const field = codeField(visitor);
		await field.waitFor();
		await visitor.look("code");
		visitor.expects("/sign-in/code", 401);
		await field.fill((await phone.off(0)).replace(/./g, (digit) => `${(Number(digit) + 5) % 10}`));
		await refused(visitor, "4 tries left.");
		await visitor.look("code-wrong");

		// A page that is loaded again asks for the code still, and has not forgotten the wrong one.
		await page.reload();
		await field.fill(await phone.off(-2));
		await refused(visitor, "3 tries left.");
		const code = await phone.fresh();
		// As people copy it out of an app.
		await field.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
		await desktop(visitor);

		await signOut(visitor);
		await signIn(visitor, marta);
		await field.fill(code);
		await refused(visitor, "4 tries left.");
		await field.fill(await phone.fresh());
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);

// R006: the steps happen in order, and a sign-in that was spoilt begins again.
story(
	"five wrong codes lead back to the password, and so does “Not you?”",
	async ({ claimed, visit }) => {
		const phone = await (await claimed()).enrol();
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		const field = codeField(visitor);
		visitor.expects("/sign-in/code", 401);
		for (const [place, left] of [
			"4 tries left.",
			"3 tries left.",
			"2 tries left.",
			"One try left.",
		].entries()) {
			// Never the same one twice, also when a step ends in between: the page would not send that again.
			await field.fill(await phone.off(-8 + place));
			await refused(visitor, left);
		}
		await field.fill(await phone.off(-4));
		await page.getByText("Five wrong codes. Start again with your password.").waitFor();
		await visitor.look("sign-in-again");

		await signIn(visitor, marta);
		await field.waitFor();
		await page.getByRole("button", { name: "Try another way" }).click();
		await visitor.look("code-ways");
		await page.getByRole("button", { name: "I can’t use any of these" }).click();
		await page.getByRole("heading", { name: "Ways back in" }).waitFor();
		await visitor.look("ways-back");
		await page.getByRole("button", { name: "Close" }).click();
		// Answered later, it would end the sign-in of whoever comes next.
		const release = await visitor.holds("/sign-in");
		await page.getByRole("button", { name: "Not you?" }).click();
		await page.getByRole("button", { name: "Leaving" }).waitFor();
		expect(await page.getByLabel("User name").count()).toBe(0);
		await visitor.look("sign-in-leaving");
		await release();
		await page.getByLabel("User name").waitFor();
		expect(await page.getByLabel("User name").inputValue()).toBe("");
		await page.reload();
		await page.getByLabel("User name").waitFor();

		await signIn(visitor, marta);
		await field.fill(await phone.fresh());
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);

// R019: after five wrong passwords the next try has to wait, and the page counts that down.
story("too many wrong passwords have to wait", async ({ claimed, visit }) => {
	await claimed();
	const visitor = await visit();
	const { page } = visitor;
	const tried = async (password: string) => {
		const answered = page.waitForResponse((answer) => answer.url().endsWith("/sign-in"));
		await signIn(visitor, { name: "marta", password });
		return (await answered).status();
	};
	visitor.expects("/sign-in", 401);
	for (let count = 0; count < 5; count++) {
		expect(await tried(`wrong ${count}`)).toBe(401);
		await page.getByText("The user name or the password is not right.").waitFor();
	}
	visitor.expects("/sign-in", 429);
	// The wait is one second now, which may be over before the next try is made: two more make it four.
	for (let more = 0, tries = 0; more < 2; tries++) {
		expect(tries).toBeLessThan(6);
		if ((await tried(`wrong again ${tries}`)) === 401) more++;
	}
	expect(await tried(marta.password)).toBe(429); // the right one has to wait, too
	await page.getByText("Too many wrong tries. Wait before the next one.").waitFor();
	await page.getByRole("button", { name: /^Try again in [1-4] s$/ }).waitFor();
	await signIn(visitor, marta);
	await desktop(visitor);
});

// R100: signing out ends the session on the NAS. R110: no script can read its cookie. R126: nothing but the theme
// stays in the browser.
story("signing out leaves nothing behind", async ({ claimed, remote, visit }) => {
	await claimed();
	const outside = await remote();
	const visitor = await visit();
	const { page } = visitor;
	await page.getByRole("button", { name: "Theme: like the system" }).click();
	await signIn(visitor, marta);
	await desktop(visitor);
	const cookies = await page.context().cookies();
	const session = cookies.find((cookie) => cookie.name === "__Host-castellan");
	expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/", expires: -1 });
	expect(await page.evaluate(() => document.cookie)).toBe("");
	const cookie = `__Host-castellan=${session?.value}`;
	expect(await outside.opens(cookie)).toBe(true);

	await signOut(visitor);
	await visitor.look("signed-out");
	expect(await outside.opens(cookie)).toBe(false);
	const kept = await page.evaluate(() => ({ ...localStorage, ...sessionStorage }));
	expect(kept).toEqual({ "castellan-theme": "light" });
});
