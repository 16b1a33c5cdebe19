import { expect } from "vitest";
import { desktop, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

const waiting = ({ page }: Visitor) => page.getByText(/^Waiting/).waitFor();
const account = ({ page }: Visitor) => page.getByRole("heading", { name: "Create your account" }).waitFor();

async function claim({ page }: Visitor) {
	await page.getByLabel("Your name").fill(marta.display_name);
	await page.getByLabel("User name").fill(marta.name);
	await page.getByLabel("Password", { exact: true }).fill(marta.password);
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByLabel("Name of this NAS").fill(marta.nas_name);
	await page.getByRole("button", { name: "Claim this NAS" }).click();
	await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
}

// R140: presence at the box claims it, too. A page that is loaded again in the middle does not lose the way.
story("a short press claims a new NAS for the browser that waits", async ({ nas, visit }) => {
	const visitor = await visit();
	const { page } = visitor;
	await waiting(visitor);
	// A NAS that has just started finds its button a moment later than it answers.
	await page.route("**/api/v1/status", async (route) => {
		const response = await route.fetch();
		const json = await response.json();
		await route.fulfill({ response, json: { ...json, claim: { ...json.claim, button: false } } });
	});
	await page.reload();
	await page.getByLabel("Default password").waitFor();
	expect(await page.getByText(/^Waiting/).count()).toBe(0);
	await page.unrouteAll({ behavior: "wait" });
	await waiting(visitor);
	await nas.press("300ms");
	await account(visitor);
	await page.reload();
	await account(visitor);
	await claim(visitor);
	await page.reload();
	await page.getByRole("button", { name: "Not now" }).click();
	await page.getByRole("button", { name: "Not now" }).last().click();
	await desktop(visitor);
});

// R140 (f): when two browsers wait, neither is let in, and both are told so. (e): one claim wins.
story("a press while two browsers wait lets neither in", async ({ nas, visit }) => {
	const first = await visit();
	const second = await visit();
	await waiting(first);
	await waiting(second);
	await nas.press("300ms");
	for (const { page } of [first, second]) await page.getByText("More than one browser was waiting").waitFor();
	await first.look("claim-dropped");

	// A press now would go past the NAS, and the page does not say that it waits before it does.
	const release = await first.holds("/claim/button");
	await first.page.getByRole("button", { name: "Wait again" }).click();
	await first.page.getByText("One moment").waitFor();
	expect(await first.page.getByText(/^Waiting/).count()).toBe(0);
	await first.look("claim-asking");
	await release();
	await waiting(first);
	await nas.press("300ms");
	await account(first);
	await claim(first);

	const { page } = second;
	await page.getByRole("heading", { name: "attic-nas was claimed in another browser" }).waitFor();
	await second.look("claim-lost");
	await page.getByRole("button", { name: "Go to sign-in" }).click();
	await signIn(second, marta);
	// R008: the owner has not put 2-step verification off yet, and only the browser that claimed may do so.
	await page.getByRole("heading", { name: "This NAS wants 2-step verification from you" }).waitFor();
	expect(await page.getByRole("button", { name: "Not now" }).count()).toBe(0);
});
