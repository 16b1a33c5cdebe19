import { expect } from "vitest";
import { desktop, endedElsewhere, open, signIn } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** Waits for the sign-in page with its sentence: an open desktop asks every ten seconds. */
async function landed(visitor: Visitor) {
	await visitor.page.getByText(endedElsewhere).waitFor({ timeout: 15_000 });
}

// R104 R101: people see where they are signed in and end it there; the other browser says what happened.
story(
	"somebody signed in twice ends the other session, and forgets a browser",
	async ({ claimed, visit }) => {
		await (await claimed()).add(ines);
		const [one, two] = [await visit(), await visit()];
		for (const visitor of [one, two]) {
			await signIn(visitor, ines);
			await desktop(visitor);
		}
		const win = await open(one, "Personal Settings", "Security");
		const card = (title: string) => win.locator(".card").filter({ hasText: title });
		const sessions = card("Where you are signed in");
		await sessions.getByText("This one").waitFor();
		expect(await sessions.getByRole("button", { name: /^Sign out Chrome/ }).count()).toBe(1);
		await sessions.scrollIntoViewIfNeeded();
		await one.look("sessions-own");
		for (const path of ["/session", "/health", "/me/desktop", "/me/sessions"]) two.allows(path, 401);
		await sessions.getByRole("button", { name: /^Sign out Chrome/ }).click();
		await expect.poll(() => sessions.getByRole("button", { name: /^Sign out Chrome/ }).count()).toBe(0);
		await landed(two);
		await two.look("sessions-ended");

		await signIn(two, ines);
		await desktop(two);
		const again = sessions.getByRole("button", { name: /^Sign out Chrome/ });
		await expect.poll(() => again.count(), { timeout: 15_000 }).toBe(1);
		await sessions.getByRole("button", { name: "Sign out all others" }).click();
		const dialog = one.page.getByRole("dialog");
		await dialog.getByText("2 other sessions end").waitFor();
		await one.look("sessions-others");
		await dialog.getByRole("button", { name: "Sign out all others" }).last().click();
		await landed(two);

		const browsers = card("Known browsers");
		await expect.poll(() => browsers.getByRole("button", { name: /^Forget/ }).count()).toBe(1);
		await browsers.getByRole("button", { name: /^Forget/ }).click();
		await one.page.getByRole("dialog").getByText("You stay signed in here.").waitFor();
		await one.look("sessions-forget");
		await one.page.getByRole("button", { name: "Forget browser" }).click();
		await browsers.getByText("None.").waitFor();
		await one.look("sessions-forgotten");
	},
);

// R101: administrators see who is signed in, and sign a person out.
story("an administrator signs somebody out", async ({ claimed, visit }) => {
	await (await claimed()).add(ines);
	const [user, admin] = [await visit(), await visit()];
	await signIn(user, ines);
	await desktop(user);
	await signIn(admin, marta);
	await desktop(admin);
	const win = await open(admin, "Access Control", "Online users");
	await win.getByText("This one").waitFor();
	await admin.look("online");
	await win.getByRole("searchbox").fill("duarte");
	await expect.poll(() => win.getByText(marta.display_name).count()).toBe(0);
	await win.getByRole("button", { name: `Sign out ${ines.display_name}, Chrome on Linux` }).click();
	const dialog = admin.page.getByRole("dialog", { name: `Sign ${ines.display_name} out?` });
	await dialog.getByRole("radio", { name: "Everywhere" }).check();
	await admin.look("online-sign-out");
	for (const path of ["/session", "/health", "/me/desktop", "/me/sessions"]) user.allows(path, 401);
	await dialog.getByRole("button", { name: "Sign out" }).click();
	await win.getByText("Nobody like that is signed in").waitFor();
	await landed(user);
	await signIn(user, ines);
	await desktop(user);

	await win.getByRole("searchbox").fill("");
	await win.getByRole("button", { name: /Sign (everybody|all) out/ }).click();
	await admin.look("online-everybody");
	await admin.page.getByRole("button", { name: "Sign everybody out" }).last().click();
	await landed(user);
	await expect.poll(() => win.getByRole("button", { name: /^Sign out / }).count()).toBe(0);

	await open(admin, "Access Control", "Policies");
	await win.getByLabel("Sign out after").selectOption("10");
	await win.getByRole("button", { name: "Save" }).click();
	await admin.page.getByText("Policies saved").waitFor();
	await win.getByLabel("Sign out after").scrollIntoViewIfNeeded();
	await admin.look("policies-idle");
});
