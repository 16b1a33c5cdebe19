import { expect } from "vitest";
import { connect, desktop, open, signIn } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";

// R008: whom the policy covers can do nothing before 2-step verification is on; until then there is the wizard, and
// the way out.
story(
	"a group must use 2-step verification, and its members are taken through the wizard",
	async ({ claimed, visit }) => {
		const owner = await claimed();
		await owner.enrol();
		await owner.add(ines);
		await owner.demand({ two_step: "nobody", groups: [], email_codes: "everybody" });
		const user = await visit();
		await signIn(user, ines);
		await desktop(user);

		const second = await claimedAgain();
		const { page } = second;
		const win = await open(second, "Access Control", "Groups");
		await win.getByText("Administrators").first().waitFor();
		await second.look("groups");
		await win.getByRole("table").getByRole("button", { name: "Users" }).click();
		await second.look("group-built-in");
		await page
			.getByRole("form", { name: "Users" })
			.getByRole("button", { name: "Close", exact: true })
			.click();
		await win.getByRole("button", { name: /^Add/ }).click();
		await page.getByLabel("Name", { exact: true }).fill("Family");
		await page.getByRole("checkbox", { name: ines.display_name }).check();
		await second.look("group-add");
		await page.getByRole("button", { name: "Add group" }).last().click();
		await win.getByRole("button", { name: "family" }).waitFor();

		await open(second, "Access Control", "Policies");
		await win.getByRole("radio", { name: "Chosen groups" }).check();
		await win.getByRole("checkbox", { name: "family" }).check();
		await second.look("policies-groups");
		await win.getByRole("button", { name: "Save" }).click();
		await page.getByText("Policies saved").waitFor();

		await open(second, "Access Control", "Groups");
		await win.getByRole("button", { name: "family" }).click();
		await page.getByRole("button", { name: "Delete group" }).click();
		second.expects("/groups/{id}", 409);
		await page.getByRole("dialog").getByRole("button", { name: "Delete group" }).last().click();
		await page.getByText("family was not deleted.").waitFor();
		await second.look("group-in-use");
		await page.getByRole("button", { name: "Cancel" }).click();
		await open(second, "Access Control", "Users");
		await win.getByText(/Must turn/).waitFor();
		await second.look("users-must");

		// The open desktop gives way; a new sign-in leads there, too.
		user.allows("/me", 403);
		await open(user, "Personal Settings", "Account");
		await user.page.getByLabel("Name", { exact: true }).fill("Inês D.");
		user.expects("/me", 403);
		await user.page.getByRole("button", { name: "Save", exact: true }).first().click();
		const title = user.page.getByRole("heading", { name: "This NAS wants 2-step verification from you" });
		await title.waitFor();
		expect(await user.page.getByRole("button", { name: "Not now" }).count()).toBe(0);
		await user.look("enrol");
		await user.page.getByRole("button", { name: "Sign out" }).click();
		await signIn(user, ines);
		await title.waitFor();
		await user.page.reload();
		await title.waitFor();
		const phone = await connect(user);
		await user.look("enrol-connect");
		await user.page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await user.page.getByRole("button", { name: "Open the desktop" }).click();
		await desktop(user);

		async function claimedAgain() {
			const visitor = await visit();
			await signIn(visitor, marta);
			await visitor.page.getByRole("button", { name: "Try another way" }).click();
			await visitor.page.getByRole("button", { name: "Recovery code" }).click();
			await visitor.page.getByLabel("Recovery code").fill(`${owner.codes[0]}`);
			await visitor.page.getByRole("button", { name: "Confirm" }).click();
			await desktop(visitor);
			return visitor;
		}
	},
	{ needs: ["oathtool"] },
);
