import { desktop, enterCode, open, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

const slow = "This NAS's clock is 3 min 12 s slow; codes are checked against network time.";

// R139: codes are checked against network time, and where the clock of the NAS is off, people are told by how much.
story(
	"a clock that is 3 min 12 s slow keeps nobody out",
	async ({ claimed, visit }) => {
		const phone = await (await claimed()).enrol();
		const visitor = await visit();
		const { page } = visitor;
		// The picture beside the form, with its clock, is for wide screens.
		if (!visitor.phone) await page.getByText(slow).waitFor();
		await visitor.look("sign-in-slow");
		await signIn(visitor, marta);
		await page.getByRole("alert").getByText(slow).waitFor();
		await visitor.look("code-slow");
		await enterCode(visitor, phone);
		await desktop(visitor);
		await visitor.look("desktop-slow");

		const win = await open(visitor, "Settings", "Date & Time");
		await win.getByText(slow.slice(0, -1)).waitFor();
		await win.getByText("3 min 12 s slow", { exact: true }).first().waitFor();
		await win.getByText("3 of 3 servers agree").waitFor();
		await visitor.look("date-time-slow");
		const asked = page.waitForResponse((answer) => answer.url().endsWith("/time/sync") && answer.ok());
		await win.getByRole("button", { name: "Sync now" }).click();
		await asked;
		await win.getByText(/^Checked \d s ago/).waitFor();
		await win.getByText(slow.slice(0, -1)).waitFor();
	},
	{ needs: ["oathtool"], ahead: (3 * 60 + 12) * 1000 },
);
