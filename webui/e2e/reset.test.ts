import { expect } from "vitest";
import { desktop, enterCode, open, signIn } from "./desk";
import { ines, marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** The account that a reset gives its defaults. */
const admin = { ...marta, name: "admin", display_name: "" };
const again = { ...admin, password: "seven lanterns over quiet water" };

const claimPage = ({ page }: Visitor) => page.getByRole("heading", { name: "Claim this NAS" }).waitFor();

// R140 (d): the default password and a new one lead in, admin's 2-step verification and sessions are gone, and
// other people's 2-step verification is as it was. R007: until the default password is replaced nobody gets further.
story(
	"holding the button for six seconds gives the administrator back, and nothing else",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed(admin);
		const other = await (await owner.add(ines)).enrol();
		const phone = await owner.enrol();
		const visitor = await visit();
		await signIn(visitor, admin);
		await enterCode(visitor, phone);
		await desktop(visitor);
		await open(visitor, "Settings", "Reset button");
		const waiting = await visit();
		await waiting.page.getByLabel("User name").waitFor();

		// Whatever is asked in the moment of the reset is refused; the pages find out by that, or by asking.
		for (const path of ["/button", "/health", "/session", "/me/desktop"])
			for (const status of [401, 409]) visitor.allows(path, status);
		await nas.press("6s");
		await claimPage(visitor);
		await claimPage(waiting);
		await visitor.look("claim-reset");
		await expect(owner.get("/me")).rejects.toThrow("/me: 4");

		const { page } = visitor;
		await page.getByLabel("Default password").fill(await nas.defaultPassword());
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
		await visitor.look("claim-again");
		await page.getByLabel("Password", { exact: true }).fill(again.password);
		// It learns of the claim from its waiting, which is over, or from what anybody may know of the NAS.
		waiting.allows("/claim/button", 410);
		// The wait for a press beside it may renew the ticket; the page then asks for the new token and claims by itself.
		visitor.allows("/claim", 403);
		await page.getByRole("button", { name: "Claim this NAS" }).click();
		await waiting.page.getByRole("heading", { name: "attic-nas was claimed in another browser" }).waitFor();
		await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
		await page.getByRole("button", { name: "Not now" }).click();
		await page.getByRole("button", { name: "Not now" }).last().click();
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "Security");
		await win.getByText("2-step verification is off.").waitFor();

		const user = await visit();
		await signIn(user, ines);
		await enterCode(user, other);
		await desktop(user);
		// R140: everybody is told once what happened, whoever claims the NAS excepted.
		const told = user.page.getByRole("region", { name: "About the reset button" });
		await told.getByText(/^The reset button was held on /).waitFor();
		await told.getByText("ask who looks after this NAS").waitFor();
		expect(await page.getByRole("region", { name: "About the reset button" }).count()).toBe(0);
		await user.look("reset-told");
		await told.getByRole("button", { name: "Close" }).click();
		await user.page.reload();
		await desktop(user);
		expect(await told.count()).toBe(0);

		// A second hold so soon does nothing, and the page says so.
		await open(visitor, "Settings", "Reset button");
		await page.getByText("The defaults were restored a short while ago.").waitFor();
		await visitor.look("button-rest");
		await nas.press("6s");
		await page.getByText(/too soon after the last reset; it would have restored/).waitFor();
	},
	{ needs: ["oathtool"] },
);
