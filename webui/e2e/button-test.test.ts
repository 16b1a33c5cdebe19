import { expect } from "vitest";
import { desktop, home, open, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** The account that a reset gives its defaults. */
const admin = { ...marta, name: "admin", display_name: "" };

const atButton = (visitor: Visitor) => open(visitor, "Settings", "Reset button");

// R140: a test shows what a press would do and does nothing; after it a hold acts again.
story("a hold is tried out without harm, and then held in earnest", async ({ nas, claimed, visit }) => {
	const owner = await claimed(admin);
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, admin);
	await desktop(visitor);
	const win = await atButton(visitor);
	await win.getByText("Released").waitFor();
	expect(await win.getByRole("radio", { name: "Learn" }).count()).toBe(0);
	await visitor.look("button-live");

	await win.getByRole("radio", { name: "Test" }).check();
	await win.getByText(/^Test, \d+ s left$/).waitFor();
	await visitor.look("button-test");
	const held = nas.press("8s");
	await win.getByText("Pressed", { exact: true }).waitFor();
	await win.getByText("A release now would mean: restore the administrator’s defaults").waitFor();
	await visitor.picture("button-test-held");
	await held;
	await win.getByText("This would have restored the administrator’s defaults.").waitFor();
	await visitor.look("button-test-told");
	expect((await owner.get("/me")).name).toBe("admin");

	// Whoever leaves the page leaves the test.
	await open(visitor, "Settings", "General");
	await atButton(visitor);
	await win.getByText("Live state").waitFor();
	await win.getByText(/in a test; it would have restored/).waitFor();
	await visitor.look("button-after-test");
	// Nobody waits for it, so this press does nothing, but it acts.
	await nas.press("300ms");
	await win.getByText(/: presence confirmed\./).waitFor();

	for (const path of ["/button", "/health", "/session", "/me/desktop"])
		for (const status of [401, 409]) visitor.allows(path, status);
	await nas.press("6s");
	await page.getByRole("heading", { name: "Claim this NAS" }).waitFor();
});

// R140: the button can be turned off by whoever types the name of the NAS, and then does nothing at all.
story("the button is turned off, and on again", async ({ nas, claimed, visit }) => {
	const owner = await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await atButton(visitor);
	await win.getByRole("button", { name: "Turn off" }).click();
	const dialog = page.getByRole("dialog", { name: "Turn the reset button off?" });
	await dialog.getByText("castellan recover").waitFor();
	const act = dialog.getByRole("button", { name: "Turn the button off" });
	expect(await act.isDisabled()).toBe(true);
	visitor.expects("/button/enabled", 422);
	await dialog.getByLabel("Name of this NAS").fill("cellar-nas");
	await act.click();
	await dialog.locator("[aria-invalid=true]").waitFor();
	await visitor.look("button-off-asked");
	await dialog.getByLabel("Name of this NAS").fill(marta.nas_name);
	await act.click();
	const off = win.getByText("The reset button is turned off.").first();
	await off.waitFor();
	await visitor.look("button-off");
	const stranger = await visit();
	await stranger.page.getByRole("button", { name: "Can’t sign in?" }).click();
	await stranger.page.getByText("The reset button of the NAS does not work").waitFor();
	expect(await stranger.page.getByText(/^Hold it|short press of the button/).count()).toBe(0);
	await stranger.look("sign-in-ways-off");

	// Whoever ends a test by the keyboard stays where the test was begun.
	await win.getByRole("radio", { name: "Test" }).check();
	await win.getByText(/^Test, \d+ s left$/).waitFor();
	await win.getByRole("button", { name: "End the test" }).press("Enter");
	await win.getByText("Live state").waitFor();
	await expect
		.poll(() => win.getByRole("radio", { name: "Live" }).evaluate((one) => one === document.activeElement))
		.toBe(true);

	await nas.press("6s");
	await win.getByText(/while the button was turned off; it would have restored/).waitFor();
	expect((await owner.get("/me")).name).toBe(marta.name);
	await home(visitor);
	await page.getByRole("button", { name: /Look at this|things? to look at|Problem/ }).click();
	await page.getByText("The reset button is turned off").first().waitFor();
	await visitor.look("button-off-health");
	await page.keyboard.press("Escape");

	await atButton(visitor);
	await win.getByRole("button", { name: "Turn it on" }).click();
	await win.getByText("The reset button is turned off.").waitFor({ state: "detached" });
});
