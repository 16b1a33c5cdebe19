import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "./story";

// R140 (h): a NAS whose database is damaged explains that, and is not taken for a new one until its button is held.
story(
	"a damaged database is told, and never claimed from the network",
	async ({ nas, claimed, remote, visit }) => {
		await claimed();
		const label = await nas.defaultPassword();
		await nas.halt();
		await truncate(join(nas.folder, "castellan.db"), 5000);
		await nas.serve();

		const stranger = await remote();
		expect(await stranger.get("/status")).toMatchObject({ state: "recovery_required" });
		await expect(stranger.signIn("admin", label)).rejects.toThrow("503");
		const visitor = await visit();
		const { page } = visitor;
		await page.getByRole("heading", { name: "This NAS cannot serve" }).waitFor();
		await page.getByText("is damaged.").waitFor();
		await page.getByText("For support").click();
		await page.getByText("database_damaged").waitFor();
		await visitor.look("recovery");

		visitor.loses(); // the house is built anew
		await nas.press("6s");
		// The page goes on by itself.
		await page.getByRole("heading", { name: "Claim this NAS", exact: true }).waitFor();
		await page.getByText("The accounts and settings of Castellan are gone").waitFor();
		await page.getByText("Its default password is another one now").waitFor();
		expect(await page.getByText("printed on the label").count()).toBe(0);
		await visitor.look("claim-anew");
	},
);
