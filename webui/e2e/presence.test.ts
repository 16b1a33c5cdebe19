import { expect } from "vitest";
import { desktop, enterCode, open, scanned, signIn, signOut } from "./desk";
import { ines, marta, type Person } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

const offer = ({ page }: Visitor) => page.getByRole("button", { name: "Press the button on the NAS" });

/** Gives the password and looks at the other ways. */
async function otherWays(visitor: Visitor, person: Pick<Person, "name" | "password">) {
	const { page } = visitor;
	await signIn(visitor, person);
	await page.getByRole("button", { name: "Try another way" }).click();
	await page.getByRole("list", { name: "Other ways" }).waitFor();
}

async function waits(visitor: Visitor) {
	await offer(visitor).click();
	await visitor.page.getByText(/^Waiting/).waitFor();
}

// R140, R008: whoever stands at the NAS and knows the password gets in without the phone, and adds a way in before
// anything else; what they had stays.
story(
	"an administrator without a phone presses the button and sets up a new device first",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed();
		await owner.enrol("Lost phone");
		const visitor = await visit();
		const { page } = visitor;
		await otherWays(visitor, marta);
		await visitor.look("sign-in-ways");
		await waits(visitor);
		await page.getByRole("timer").waitFor();
		// Whoever uses a keyboard or a screen reader is where the wait is told.
		expect(
			await page
				.getByRole("heading", { name: "Press the reset button" })
				.evaluate((head) => head === document.activeElement),
		).toBe(true);
		await visitor.look("sign-in-press");
		await nas.press("300ms");

		const first = page.getByRole("heading", { name: "Set up a new device first" });
		await first.waitFor();
		expect(await page.getByRole("button", { name: "Not now" }).count()).toBe(0);
		await visitor.look("enrol-pressed");
		await page.reload();
		await first.waitFor();
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByRole("heading", { name: "Connect your authenticator app" }).waitFor();
		const phone = await scanned(visitor);
		await page.getByLabel("Name of this device").fill("New phone");
		await page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await page.getByRole("heading", { name: "The new device is confirmed" }).waitFor();
		await page.getByText("Lost phone").waitFor();
		await page.getByText("10 of 10 left").waitFor();
		await visitor.look("enrol-pressed-done");
		await page.getByRole("button", { name: "Open the desktop" }).click();
		// The desktop opens where the lost device can be removed.
		await page.getByText("Did you lose a device?").waitFor();
		await visitor.look("security-pressed");
		await page.getByRole("button", { name: "Show devices" }).click();
		await page.getByRole("button", { name: "Remove Lost phone" }).click();
		await page.getByRole("button", { name: "Remove device" }).click();
		await page.getByText("Lost phone").first().waitFor({ state: "detached" });
		expect(await page.getByText("Did you lose a device?").count()).toBe(0);
		await signOut(visitor);
		await signIn(visitor, marta);
		await enterCode(visitor, phone);
		await desktop(visitor);
	},
	{ needs: ["oathtool"] },
);

// R140 (f): a press while two wait lets neither in, and both are told; one of them may then wait alone.
// The policy decides for whom the way is there at all.
story(
	"a press while two sign-ins wait drops both, and the policy takes the way away",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed();
		await (await owner.add(ines)).enrol();
		await owner.enrol();
		const user = await visit();
		await otherWays(user, ines);
		expect(await offer(user).count()).toBe(0);
		await user.page.getByRole("button", { name: "Not you?" }).click();

		await owner.demand({ two_step: "everyone", groups: [], email_codes: "everybody", presence: "everyone" });
		const admin = await visit();
		await otherWays(user, ines);
		await waits(user);
		await otherWays(admin, marta);
		await waits(admin);
		await nas.press("300ms");
		for (const { page } of [user, admin]) await page.getByText("More than one browser was waiting").waitFor();
		await admin.look("sign-in-press-dropped");

		// Another way ends the wait: the press is for whoever still waits.
		await user.page.getByRole("button", { name: "Try another way" }).click();
		await user.page.getByRole("button", { name: "Recovery code" }).click();
		await admin.page.getByRole("button", { name: "Wait again" }).click();
		await admin.page.getByText(/^Waiting/).waitFor();
		await nas.press("300ms");
		await admin.page.getByRole("heading", { name: "Set up a new device first" }).waitFor();
		await admin.page.getByRole("button", { name: "Sign out" }).click();
		await admin.page.getByText("You are signed out.").waitFor();

		await owner.demand({ two_step: "everyone", groups: [], email_codes: "everybody", presence: "nobody" });
		await otherWays(admin, marta);
		expect(await offer(admin).count()).toBe(0);
	},
	{ needs: ["oathtool"] },
);

// The switch, where administrators look for it. It is no way to confirm a change on the desktop.
story("the policy says who may sign in with the button", async ({ claimed, visit }) => {
	const owner = await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await open(visitor, "Access Control", "Policies");
	const choice = win.getByRole("group", { name: "Who may sign in with the button on the NAS" });
	expect(await choice.getByRole("radio", { name: "Administrators" }).isChecked()).toBe(true);
	await choice.getByRole("radio", { name: "Nobody" }).check();
	await choice.scrollIntoViewIfNeeded();
	await visitor.look("policies-button");
	await win.getByRole("button", { name: "Save" }).click();
	await page.getByText("Policies saved").waitFor();
	expect((await owner.get("/policy")).presence).toBe("nobody");
});
