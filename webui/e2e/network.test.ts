import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { marta } from "./remote";
import { lanStory } from "./story";

// R122: where no service of the system sets up the network it is only shown, with the reason.
lanStory(
	"where no service sets up the network, it is only shown",
	async ({ visit }) => {
		const visitor = await visit();
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Settings", "Network");
		await win.getByText("Neither NetworkManager nor systemd-networkd runs on this NAS").waitFor();
		await win.getByText("192.0.2.50").first().waitFor();
		expect(await win.getByRole("button", { name: "Change eth0" }).count()).toBe(0);
		await visitor.look("network-read-only");
	},
	{ service: "none" },
);
