import { expect } from "vitest";
import { connect, desktop, mayEnd, open, signIn, turnedAway } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

const person = ({ page }: Visitor) => page.getByRole("button", { name: ines.display_name });
const panel = ({ page }: Visitor) => page.getByRole("form", { name: "Edit user" });

async function addInes(admin: Visitor): Promise<string> {
	const { page } = admin;
	const win = await open(admin, "Access Control");
	await win.getByRole("button", { name: /^Add/ }).click();
	await page.getByLabel("User name").fill(ines.name);
	await page.getByLabel("Name", { exact: true }).fill(ines.display_name);
	await page.getByLabel("E-mail").fill(ines.email ?? "");
	await admin.look("users-add");
	await page.getByRole("button", { name: "Add user" }).last().click();
	const dialog = page.getByRole("dialog", { name: `Temporary password for ${ines.display_name}` });
	const password = `${await dialog.locator("code").textContent()}`.trim();
	await admin.look("users-temporary");
	await dialog.getByRole("button", { name: "Done" }).click();
	expect(await page.getByText(password).count()).toBe(0);
	return password;
}

/** The first sign-in of somebody with a temporary password. */
async function moveIn(user: Visitor, temporary: string) {
	const { page } = user;
	await signIn(user, { name: ines.name, password: temporary });
	await page.getByRole("heading", { name: "Choose your own password" }).waitFor();
	const field = page.getByLabel("New password", { exact: true });
	user.expects("/sign-in/password", 422);
	await field.fill(temporary.padEnd(15, "-"));
	await page.getByRole("button", { name: "Save and sign in" }).click();
	await page.getByText("Choose one that only you know.").waitFor();
	await user.look("own-password");
	await field.fill(ines.password);
	await page.getByRole("button", { name: "Save and sign in" }).click();
	await desktop(user);
	await user.look("desktop-user");
}

// R033: a temporary password is shown once and cannot become one's own. R038: administrators choose nobody's password.
// R039: an administrator turns another person's 2-step verification off, never their own in this way, and that ends
// the person's sessions.
story(
	"a user is added, turns 2-step verification on, and is let in again without it by the administrator",
	async ({ claimed, visit }) => {
		await claimed();
		const admin = await visit();
		await signIn(admin, marta);
		await desktop(admin);
		const user = await visit();
		await moveIn(user, await addInes(admin));

		await open(user, "Personal Settings", "Security");
		await user.page.getByRole("checkbox", { name: "Enable 2-step verification" }).click();
		const phone = await connect(user);
		await user.page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await user.page.getByRole("button", { name: "OK", exact: true }).click();

		await admin.page.getByRole("button", { name: marta.display_name }).first().click();
		await panel(admin).getByText("Only another administrator can change your role.").waitFor();
		expect(await panel(admin).getByRole("button", { name: "Turn off" }).count()).toBe(0);
		expect(await panel(admin).getByRole("switch").isDisabled()).toBe(true);
		await admin.look("users-own");
		await panel(admin).getByRole("button", { name: "Cancel" }).click();
		await person(admin).click();
		await panel(admin).waitFor();
		await admin.look("users-edit");
		await panel(admin).getByRole("button", { name: "Turn off" }).click();
		await admin.look("users-turn-off");
		mayEnd(user);
		await admin.page.getByRole("dialog").getByRole("button", { name: "Turn off" }).last().click();
		await panel(admin).getByText("Only its owner can turn it on.").waitFor();

		await turnedAway(user);
		await signIn(user, ines);
		await desktop(user);
	},
	{ needs: ["oathtool"] },
);

// R101: turning an account off ends its sessions.
story("a user is turned off, and then deleted", async ({ claimed, visit }) => {
	await (await claimed()).add(ines);
	const admin = await visit();
	await signIn(admin, marta);
	await desktop(admin);
	const user = await visit();
	await signIn(user, ines);
	await desktop(user);

	await open(admin, "Access Control");
	await person(admin).click();
	await panel(admin).getByRole("switch").click();
	mayEnd(user);
	await panel(admin).getByRole("button", { name: "Save" }).click();
	await admin.page.getByText("Turned off").waitFor();
	await turnedAway(user);
	user.expects("/sign-in", 401);
	await signIn(user, ines);
	await user.page.getByText("The user name or the password is not right.").waitFor();

	await person(admin).click();
	await panel(admin).getByRole("button", { name: "Delete user" }).click();
	await admin.look("users-delete");
	await admin.page.getByRole("dialog").getByRole("button", { name: "Delete user" }).last().click();
	await person(admin).waitFor({ state: "detached" });
	await admin.page.getByRole("searchbox").fill("nobody at all");
	await admin.page.getByText("Nobody is called that").waitFor();
	await admin.look("users-none");
});
