import { expect } from "vitest";
import { sizes } from "./browser";
import { desktop, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** To be guessed at a hundred times takes longer than a story may, so the refusal is given here. */
async function closed({ page }: Visitor) {
	await page.route("**/api/v1/sign-in", (route) =>
		route.fulfill({
			status: 403,
			contentType: "application/problem+json",
			body: JSON.stringify({ status: 403, code: "known_browser_required", detail: "Only known browsers." }),
		}),
	);
}

// R020, R140: a press of the button makes the browser known that waits for it, and the password is asked for as always.
story(
	"a browser is unlocked by a press of the button",
	async ({ nas, claimed, visit }) => {
		await claimed();
		const guest = await visit();
		const { page } = guest;
		await closed(guest);
		guest.expects("/sign-in", 403);
		await signIn(guest, marta);
		await page.getByText("Only known browsers may sign in with this name.").waitFor();
		await guest.look("sign-in-locked-press");
		await page.getByRole("button", { name: "Press the button on the NAS" }).click();
		await page.getByText(/^Waiting/).waitFor();
		await guest.look("sign-in-unlock-press");
		await nas.press("300ms");
		await page.getByText("The button was pressed.").waitFor();
		await guest.look("sign-in-unlock-pressed");
		await page.unroute("**/api/v1/sign-in");
		await page.getByLabel("Password", { exact: true }).fill(marta.password);
		await page.getByRole("button", { name: "Sign in", exact: true }).click();
		await desktop(guest);
	},
	{ sizes: { ...sizes, narrow: { width: 360, height: 640 } } },
);

// Two who wait for an unlock are dropped, and where the button is turned off nobody is told to press it.
story("a press while two wait for an unlock unlocks neither", async ({ nas, claimed, visit }) => {
	await claimed();
	const guests = [await visit(), await visit()];
	for (const guest of guests) {
		await closed(guest);
		guest.expects("/sign-in", 403);
		await signIn(guest, marta);
		await guest.page.getByRole("button", { name: "Press the button on the NAS" }).click();
		await guest.page.getByText(/^Waiting/).waitFor();
	}
	await nas.press("300ms");
	for (const { page } of guests) await page.getByText("More than one browser was waiting").waitFor();
	expect(await guests[0]?.page.getByText("The button was pressed.").count()).toBe(0);
});
