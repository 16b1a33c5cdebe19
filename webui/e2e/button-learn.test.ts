import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { keys } from "./machine";
import { marta } from "./remote";
import { machineStory, story } from "./story";

// R140 (a): on a real kernel, a key that no rule takes for the reset button becomes it when it was pressed three times and
// somebody confirmed it. What other things listen to is marked. Then the button works, and what was learnt can be forgotten.
machineStory("the button of a board that nobody knows is learnt", async ({ nas, claimed, visit }) => {
	const owner = await claimed();
	const visitor = await visit();
	const { page } = visitor;
	page.setDefaultTimeout(60_000);
	await signIn(visitor, marta);
	await desktop(visitor);
	const win = await open(visitor, "Settings", "Reset button");
	await win.getByText("Not found", { exact: true }).waitFor();
	expect(await win.getByRole("radio", { name: "Test" }).count()).toBe(0);
	await visitor.look("button-unknown");

	await win.getByRole("radio", { name: "Learn" }).check();
	await visitor.look("button-learn");
	await win.getByRole("button", { name: "Listen for the button" }).click();
	await win.getByText("Press the button of the NAS now, three times.").waitFor();
	const heard = win.getByRole("list", { name: "Keys that were heard" });
	const front = heard.getByRole("listitem").filter({ hasText: "front-keys" });
	const power = heard.getByRole("listitem").filter({ hasText: "lid-keys" });
	/** A busy machine opens its devices a moment after it said so, and overlooks what is short. */
	const press = async (line: number, until: Locator) => {
		for (let tries = 0; tries < 20; tries++) {
			await nas.hold(line, 700);
			const shown = await until.waitFor({ timeout: 2000 }).catch(() => "not yet");
			if (!shown) return;
		}
		await until.waitFor();
	};
	await press(keys.power, power.getByText("This is the power key."));
	expect(await power.getByRole("button", { name: "Use this button" }).isDisabled()).toBe(true);
	await press(keys.front, front.getByText(/pressed (?:[3-9]|\d\d) times/));
	await visitor.look("button-learn-heard");
	await front.getByRole("button", { name: "Use this button" }).click();

	await win.getByText("Released", { exact: true }).waitFor();
	await win.getByText("Learnt", { exact: true }).waitFor();
	await win.getByText(/It answers by the lights nas:green:status and nas:red:fault/).waitFor();
	await visitor.look("button-learnt");
	if (!visitor.phone) await win.getByText("2 beeps, light blinks").first().waitFor();
	await nas.hold(keys.front, 900);
	await win.getByText(/: presence confirmed\./).waitFor();
	expect((await owner.get("/me")).name).toBe(marta.name);

	await win.getByRole("radio", { name: "Learn" }).check();
	await win.getByRole("button", { name: "Forget what was learnt" }).click();
	await win.getByText("Not found", { exact: true }).waitFor();
});

// Where nothing is heard the page says so, and what the NAS has not heard it does not take.
story(
	"listening for a button that is not there",
	async ({ claimed, visit }) => {
		await claimed();
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Settings", "Reset button");
		await win.getByRole("radio", { name: "Learn" }).check();
		await win.getByRole("button", { name: "Listen for the button" }).click();
		await win.getByText("Listening", { exact: true }).waitFor();
		await visitor.look("button-listening");
		// There is no key here to press: the page is told of one, and the NAS, which heard none, is not.
		const key = { device: "gpio-keys", key: 133, name: "KEY_COPY", presses: 3, pressed: false, held_ms: 240 };
		const unheard = [
			'The daemon may not open /dev/input/event1 ("user-keys"). Install the udev rules of Castellan as its README says, and start the NAS anew.',
		];
		await page.route("**/api/v1/button/learn", (route) =>
			route.request().method() === "GET"
				? route.fulfill({ json: { left: 40, heard: [key], unheard } })
				: route.continue(),
		);
		visitor.expects("/button", 409);
		await win.getByRole("button", { name: "Use this button" }).click();
		await win.getByText("The NAS has not heard that button lately.").waitFor();
		await win.getByText('The daemon may not open /dev/input/event1 ("user-keys").').waitFor();
		await visitor.look("button-not-heard");
		await page.unroute("**/api/v1/button/learn");
		await win.getByRole("button", { name: "Stop listening" }).click();
		await win.getByText("Nothing was heard.").waitFor();
		await visitor.look("button-nothing-heard");
	},
	{ button: "auto" },
);
