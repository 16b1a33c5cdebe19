import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { ownAddress } from "./needs";
import { ines, marta } from "./remote";
import { post, story } from "./story";

// R001 R019 R021: an administrator lifts a slow-down, and is asked before they shut themselves out.
story(
	"the Defender lifts a slow-down and blocks addresses",
	async ({ nas, claimed, visit }) => {
		const own = `${ownAddress}`;
		await (await claimed()).add(ines);
		const admin = await visit({}, own);
		const { page } = admin;
		await signIn(admin, marta);
		await desktop(admin);
		const win = await open(admin, "Settings", "Defender");
		await win.getByText("Nobody is slowed down.").waitFor();
		await admin.look("defender");
		await win.getByRole("radio", { name: "Strict" }).check();
		await win.getByRole("button", { name: "Save", exact: true }).click();
		await page.getByText("Limits saved").waitFor();

		const guest = await visit();
		guest.expects("/sign-in", 401);
		guest.expects("/sign-in", 429);
		const wrong = { name: ines.name, password: "not the right one" };
		const tried = async (who: typeof wrong) => {
			const answered = guest.page.waitForResponse((answer) => answer.url().endsWith("/sign-in"));
			await signIn(guest, who);
			return (await answered).status();
		};
		// Two are free. The wait after that is two seconds, which may be over before the next try is made: one more makes it four.
		for (let tries = 0, more = 0; more < 3; tries++) {
			expect(tries).toBeLessThan(6);
			const status = await tried(wrong);
			if (more < 2) expect(status).toBe(401);
			if (status !== 401) continue;
			more++;
			await guest.page.getByText("The user name or the password is not right.").waitFor();
			await expect.poll(() => guest.page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
		}
		expect(await tried(ines)).toBe(429); // the right one has to wait, too
		await guest.page.getByRole("button", { name: /Try again in/ }).waitFor();
		await guest.look("sign-in-slowed");

		const lift = win.getByRole("button", { name: `Lift the slow-down of ${ines.name}` });
		await lift.waitFor();
		await win.getByText(/3 wrong passwords from (127\.0\.0\.1|::1)\./).waitFor();
		await admin.look("defender-slowed");
		await lift.click();
		await page.getByText("Slow-down lifted").waitFor();
		await win.getByText("Nobody is slowed down.").waitFor();
		await guest.page.reload();
		await signIn(guest, ines);
		await desktop(guest);

		const block = win.locator("section", { hasText: "Blocked addresses" });
		const add = async (rule: string) => {
			await block.getByLabel("Address or network").fill(rule);
			await block.getByRole("button", { name: "Block", exact: true }).click();
		};
		admin.expects("/defender", 422);
		await add("192.0.2.300");
		await block.getByText("is no address and no network").waitFor();
		await admin.look("defender-malformed");
		await add("203.0.113.77/24");
		await block.getByText("203.0.113.0/24", { exact: true }).waitFor();
		await add("2001:db8::7");
		await block.getByText("2001:db8::7", { exact: true }).waitFor();
		await admin.look("defender-blocked");
		admin.expects("/defender", 409);
		await add(`${own}/24`);
		const dialog = page.getByRole("dialog", { name: "Shut yourself out?" });
		await dialog.getByText(`${own} is your own address.`).waitFor();
		await admin.look("defender-own-address");
		await dialog.getByRole("button", { name: "Cancel" }).click();
		await block.getByRole("button", { name: "Remove 2001:db8::7" }).click();
		await expect.poll(() => block.getByText("2001:db8::7", { exact: true }).count()).toBe(0);

		// Confirmed, it is so; the command line of the NAS is a way back.
		await add(own);
		const asked = ["/health", "/status", "/session", "/me/desktop", "/defender", "/favicon.ico", "/icon.svg"];
		for (const path of asked) admin.allows(path, 403);
		admin.expects("/", 403);
		const blocked = page.waitForResponse((answer) => answer.request().method() === "PUT");
		await dialog.getByRole("button", { name: `Block ${own}` }).click();
		await blocked;
		// The page may go there by itself in the same moment.
		await page.goto(`https://${own}:${new URL(nas.address).port}`).catch(() => undefined);
		await page.getByRole("heading", { name: "This address is blocked on this NAS." }).waitFor();
		await admin.look("address-blocked");
		await nas.command("recover", marta.name);
		await page.reload();
		await page.getByLabel("User name").waitFor();
	},
	{ needs: ["network"] },
);

// R020: a NAS that sends no mail offers none, and names the other ways.
story("a closed account on a NAS without mail", async ({ claimed, visit }) => {
	await claimed();
	const guest = await visit();
	const { page } = guest;
	await page.route("**/api/v1/sign-in", (route) =>
		route.fulfill({
			status: 403,
			contentType: "application/problem+json",
			body: JSON.stringify({ status: 403, code: "known_browser_required", detail: "Only known browsers." }),
		}),
	);
	guest.expects("/sign-in", 403);
	await signIn(guest, marta);
	await page.getByText("Only known browsers may sign in with this name.").waitFor();
	expect(await page.getByRole("button", { name: "Send an unlock mail" }).count()).toBe(0);
	await guest.look("sign-in-locked-no-mail");
	await page.getByRole("button", { name: "Show the other ways" }).click();
	await page.getByRole("heading", { name: "A short press of the button, after wrong passwords" }).waitFor();
	await guest.look("sign-in-locked-ways");
});

// R020: where only known browsers are let in, the page offers an unlock mail, and its link unlocks by a button.
story(
	"a browser is unlocked by mail",
	async ({ nas, claimed, visit, mailed }) => {
		const owner = await claimed();
		await mailed(owner, marta.email);
		const guest = await visit();
		const { page } = guest;
		// To be guessed at a hundred times takes longer than a story may.
		await page.route("**/api/v1/sign-in", (route) =>
			route.fulfill({
				status: 403,
				contentType: "application/problem+json",
				body: JSON.stringify({ status: 403, code: "known_browser_required", detail: "Only known browsers." }),
			}),
		);
		guest.expects("/sign-in", 403);
		await signIn(guest, marta);
		await page.getByText("Only known browsers may sign in with this name.").waitFor();
		await guest.look("sign-in-locked");
		await page.getByRole("button", { name: "Send an unlock mail" }).click();
		await page.getByText("a mail is on its way").waitFor();
		await guest.look("sign-in-unlock-sent");
		await page.unroute("**/api/v1/sign-in");

		guest.expects("/sign-in/unlock/link", 410);
		await page.goto(`${nas.address}/#unlock=abc.def`);
		await page.getByRole("heading", { name: "Unlock this browser?" }).waitFor();
		expect(page.url()).not.toContain("unlock");
		await guest.look("unlock");
		await page.getByRole("button", { name: "Unlock this browser" }).click();
		await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
		await guest.look("unlock-gone");
		await page.getByRole("button", { name: "Go to sign-in" }).click();
		await signIn(guest, marta);
		await desktop(guest);
	},
	{ needs: post },
);
