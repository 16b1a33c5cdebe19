import { expect } from "vitest";
import { sizes } from "./browser";
import { atNetwork, desktop } from "./desk";
import { ines, marta } from "./remote";
import { lanStory } from "./story";

// One change at a time, and the other administrator is told whose it is.
for (const service of ["networkd", "NetworkManager"] as const)
	lanStory(
		`with ${service} settings that leave the address alone are kept where one is, and others wait meanwhile`,
		async ({ visit }) => {
			const visitor = await visit();
			const { page } = visitor;
			const win = await atNetwork(visitor);
			const other = await visit();
			const theirs = await atNetwork(other, ines);
			const search = async (domain: string) => {
				await win.getByRole("button", { name: "Change eth0" }).click();
				const panel = page.getByRole("form", { name: "Change eth0" });
				await panel.getByText("Advanced").click();
				await panel.getByLabel("Search domains").fill(domain);
				await panel.getByRole("button", { name: /^Try for 60/ }).click();
				await page.getByRole("dialog", { name: "New settings of eth0: keep them?" }).waitFor();
			};
			await search("attic.example");
			await theirs.getByText("marta is trying new settings of eth0.").waitFor();
			expect(await theirs.getByRole("button", { name: "Change eth0" }).isDisabled()).toBe(true);
			await other.look(`network-waits-${service}`);
			await visitor.look(`network-trial-here-${service}`);
			await page.getByRole("button", { name: "Keep these settings" }).click();
			const kept = page.getByRole("dialog", { name: "eth0 keeps its new settings" });
			await kept.getByText("They hold from now on").waitFor();
			await visitor.look(`network-kept-here-${service}`);
			await kept.getByRole("button", { name: "Close" }).click();
			const change = win.getByRole("button", { name: "Change eth0" });
			await expect.poll(() => change.evaluate((one) => one === document.activeElement)).toBe(true);

			await search("cellar.example");
			await page.getByRole("button", { name: "Go back now" }).click();
			const back = page.getByRole("dialog", { name: "The settings of eth0 went back" });
			await back.getByText("marta took it back.").last().waitFor();
			await back.getByRole("button", { name: "Close" }).click();
			await win.getByRole("button", { name: "Change eth0" }).click();
			const panel = page.getByRole("form", { name: "Change eth0" });
			await panel.getByText("Advanced").click();
			expect(await panel.getByLabel("Search domains").inputValue()).toBe("attic.example");
		},
		{
			service,
			sizes:
				service === "networkd"
					? { ...sizes, zoomed: { width: 720, height: 450 }, narrow: { width: 360, height: 740 } }
					: { wide: sizes.wide },
		},
	);

// R129: the NAS is found by its name; where another machine has that already it says by which one instead.
lanStory(
	"the NAS is found by its name, and by another one where a machine has that already",
	async ({ visit }) => {
		const visitor = await visit();
		const { page } = visitor;
		const win = await atNetwork(visitor);
		await win.getByText(/^Found on the local network as attic-nas-2\.local$/).waitFor({ timeout: 60_000 });
		await win.getByText("Another machine has the name attic-nas.local.").waitFor();
		await visitor.look("network-renamed");
		await win.getByLabel("Name of this NAS").fill("attic nas");
		await win.getByRole("button", { name: "Save name" }).click();
		await win.getByText("Use letters, digits and “-” between them.").waitFor();
		await win.getByLabel("Name of this NAS").fill("cellar-nas");
		await win.getByRole("button", { name: "Save name" }).click();
		await page.getByText("Name saved").waitFor();
		await win.getByText(/^Found on the local network as cellar-nas\.local$/).waitFor({ timeout: 60_000 });
		await visitor.look("network-named");
		await win.getByRole("switch", { name: "Found on the local network" }).click();
		await page.getByText("This NAS is no longer announced").waitFor();
		await win.getByText("Other machines need its address to open it.").waitFor();
	},
	{ service: "networkd", neighbour: "attic-nas", sizes: { wide: sizes.wide } },
);

// The first run says what is missing in the order network, time, 2-step verification, and mends it there.
lanStory(
	"a NAS that knows no router is claimed, and its network is set up before anything else",
	async ({ nas, visit }) => {
		const visitor = await visit();
		const { page } = visitor;
		visitor.allows("/network/confirmation", 409); // while the change is being made
		await page.getByText("This NAS knows no router").waitFor();
		await visitor.look("claim-network");
		await page.getByLabel("Default password").fill(await nas.defaultPassword());
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByLabel("User name").fill(marta.name);
		await page.getByLabel("Password", { exact: true }).fill(marta.password);
		await page.getByRole("button", { name: "Continue" }).click();
		await page.getByLabel("Name of this NAS").fill(marta.nas_name);
		await page.getByRole("button", { name: "Claim this NAS" }).click();
		await page.getByRole("heading", { name: "Turn on 2-step verification" }).waitFor();
		await visitor.look("claim-network-first");
		await page.getByRole("button", { name: "Set up the network" }).click();
		const dialog = page.getByRole("dialog", { name: "Set up the network" });
		await dialog
			.getByRole("group", { name: "IPv4 addresses" })
			.getByRole("radio", { name: "By hand" })
			.click();
		expect(await dialog.getByLabel("IPv4 address", { exact: true }).inputValue()).toBe("192.0.2.50");
		await dialog.getByLabel("IPv4 gateway").fill("192.0.2.1");
		await visitor.look("claim-network-mend");
		await dialog.getByRole("button", { name: /^Try for 60/ }).click();
		await page.getByRole("button", { name: "Keep these settings" }).click();
		await page
			.getByRole("dialog", { name: "eth0 keeps its new settings" })
			.getByRole("button", { name: "Close" })
			.click();
		await expect.poll(() => page.getByText("This NAS knows no router").count()).toBe(0);
		await visitor.look("claim-network-mended");
		await page.getByRole("button", { name: "Not now" }).click();
		await page.getByRole("button", { name: "Not now" }).last().click();
		await desktop(visitor);
	},
	{ service: "networkd", routerless: true, unclaimed: true },
);
