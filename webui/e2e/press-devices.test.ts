import { expect } from "vitest";
import { desktop, scanned, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

const offer = ({ page }: Visitor) => page.getByRole("button", { name: "Press the button on the NAS" });

/** Gives the password and goes to the press of the button, past the code. */
async function toPress(visitor: Visitor) {
	await signIn(visitor, marta);
	await visitor.page.getByRole("button", { name: "Try another way" }).click();
	await offer(visitor).click();
}

/** From the key on the screen to the desktop. */
async function connected(visitor: Visitor, name: string) {
	const { page } = visitor;
	await page.getByRole("heading", { name: "Connect your authenticator app" }).waitFor();
	expect(await page.getByLabel("Name of this device").inputValue()).toBe(name);
	const phone = await scanned(visitor);
	await page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
	await page.getByRole("heading", { name: "The new device is confirmed" }).waitFor();
	await page.getByRole("button", { name: "Open the desktop" }).click();
	await desktop(visitor);
}

// R140: the name that is chosen for the new phone is the one the lost phone has, most likely.
story(
	"whoever lost a phone that has the usual name sets up the next one",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed();
		await owner.enrol("Marta’s phone");
		const visitor = await visit();
		const { page } = visitor;
		await toPress(visitor);
		await page.getByText(/^Waiting/).waitFor();
		await nas.press("300ms");
		await page.getByRole("heading", { name: "Set up a new device first" }).waitFor();
		await page.getByRole("button", { name: "Continue" }).click();
		await connected(visitor, "Marta’s phone 2");
	},
	{ needs: ["oathtool"] },
);

// With as many devices as there may be, one is removed on the page itself: nothing else is open to such a session.
story(
	"whoever has five devices removes one of them before the new one",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed();
		for (const name of ["Marta’s phone", "Old phone", "Tablet", "Laptop", "Work phone"])
			await owner.enrol(name);
		const visitor = await visit();
		const { page } = visitor;
		await toPress(visitor);
		await page.getByText(/^Waiting/).waitFor();
		await nas.press("300ms");
		await page.getByText("5 are the most").waitFor();
		expect(await page.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
		await visitor.look("enrol-full");
		await page.getByRole("button", { name: "Remove Marta’s phone" }).click();
		await page.getByRole("heading", { name: "Remove Marta’s phone?" }).waitFor();
		await visitor.look("enrol-full-remove");
		await page.getByRole("button", { name: "Remove device" }).click();
		await page.getByText("5 are the most").waitFor({ state: "detached" });
		expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
		await page.getByRole("button", { name: "Continue" }).click();
		await connected(visitor, "Marta’s phone");
	},
	{ needs: ["oathtool"] },
);

const refusals = [
	{
		status: 403,
		code: "not_local",
		detail: "A press of the button counts for browsers of the NAS’s own network only.",
	},
	{ status: 409, code: "no_button", detail: "The button of this NAS does not answer. Choose another way." },
	{ status: 429, code: "slow_down", detail: "Too many browsers wait for the button.", retry_in: 120 },
];

// No refusal of a press is the end: it says why, and the other ways stand under it.
story(
	"a press that cannot be waited for leads to the other ways",
	async ({ claimed, visit }) => {
		const owner = await claimed();
		await owner.enrol();
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await page.getByRole("button", { name: "Try another way" }).click();
		for (const refusal of refusals) {
			visitor.expects("/sign-in/presence", refusal.status);
			await page.route("**/api/v1/sign-in/presence", (route) =>
				route.fulfill({
					status: refusal.status,
					contentType: "application/problem+json",
					body: JSON.stringify(refusal),
				}),
			);
			await offer(visitor).click();
			await page.getByText(refusal.detail).waitFor();
			expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(
				refusal.code === "no_button" ? 1 : 0,
			);
			await visitor.look(`sign-in-press-${refusal.code}`);
			await page.unroute("**/api/v1/sign-in/presence");
			await page.getByRole("button", { name: "Recovery code" }).click();
			await page.getByLabel("Recovery code").waitFor();
			await page.getByRole("button", { name: "Try another way" }).click();
		}
	},
	{ needs: ["oathtool"] },
);
