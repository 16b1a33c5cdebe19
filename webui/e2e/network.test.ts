import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { sizes } from "./browser";
import { atNetwork, desktop, open, signIn } from "./desk";
import { marta } from "./remote";
import { lanStory, story } from "./story";
import type { Visitor } from "./visitor";

/** Opens the panel and writes an IPv4 address by hand. */
async function byHand({ page }: Visitor, win: Locator, address: string): Promise<Locator> {
	await win.getByRole("button", { name: "Change eth0" }).click();
	const panel = page.getByRole("form", { name: "Change eth0" });
	await panel.getByRole("group", { name: "IPv4 addresses" }).getByRole("radio", { name: "By hand" }).click();
	await panel.getByLabel("IPv4 address", { exact: true }).fill(address);
	return panel;
}

// R122: where no service of the system sets up the network it is only shown, with the reason.
lanStory(
	"where no service sets up the network, it is only shown",
	async ({ visit }) => {
		const visitor = await visit();
		const win = await atNetwork(visitor);
		await win.getByText("Neither NetworkManager nor systemd-networkd runs on this NAS").waitFor();
		await win.getByText("192.0.2.50").first().waitFor();
		expect(await win.getByRole("button", { name: "Change eth0" }).count()).toBe(0);
		await visitor.look("network-read-only");
	},
	{ service: "none" },
);

// Nothing is offered there that could not be had.
story(
	"where the config file leaves the network alone, it is not announced either",
	async ({ claimed, visit }) => {
		await claimed();
		const visitor = await visit();
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Settings", "Network");
		await win.getByText("so it is not announced").waitFor();
		expect(await win.getByRole("switch", { name: "Found on the local network" }).count()).toBe(0);
		await visitor.look("network-left-alone");
	},
	{ sizes: { wide: sizes.wide } },
);

// R122: a change stays once the page of the new address was opened, without a session there.
lanStory(
	"an address set by hand is kept from the page at the new address",
	async ({ nas, visit }) => {
		const visitor = await visit();
		visitor.loses();
		const { page } = visitor;
		const win = await atNetwork(visitor);
		await visitor.look("network");
		const panel = await byHand(visitor, win, "192.0.2.300");
		await panel.getByRole("button", { name: /^Try for 60/ }).click();
		await panel.getByText("This is no IPv4 address. It looks like 192.168.1.20.").waitFor();
		expect(await panel.getByLabel("IPv4 gateway").inputValue()).toBe("192.0.2.1");
		expect(await panel.getByLabel("Prefix length or mask").inputValue()).toBe("24");
		await visitor.look("network-edit-wrong");
		visitor.expects("/network/change", 422);
		await panel.getByLabel("IPv4 address", { exact: true }).fill("192.0.2.1");
		await panel.getByLabel("IPv4 gateway").fill("");
		await panel.getByRole("button", { name: /^Try for 60/ }).click();
		await panel.getByText("Another machine on this network").waitFor();
		await panel.getByLabel("IPv4 address", { exact: true }).fill("192.0.2.20/24");
		await panel.getByLabel("IPv4 gateway").fill("192.0.2.1");
		await visitor.look("network-edit");
		await panel.getByRole("button", { name: /^Try for 60/ }).click();
		const dialog = page.getByRole("dialog", { name: "New settings of eth0: keep them?" });
		await dialog.waitFor();
		await visitor.look("network-trial");
		const there = nas.address.replace("192.0.2.50", "192.0.2.20");
		await dialog.getByText("This page cannot reach the NAS for now.").last().waitFor();
		await visitor.look("network-trial-lost");

		const other = await visitor.pressed(dialog.getByRole("link", { name: `Open ${there}` }), there);
		await other.page.getByRole("heading", { name: "This NAS keeps its new address" }).waitFor();
		expect(other.page.url()).toBe(`${there}/`);
		await other.look("network-kept");
		await other.page.getByRole("button", { name: "Go to sign-in" }).click();
		const again = await atNetwork(other);
		await again.getByText("192.0.2.20").first().waitFor();
		await again.getByText("By hand").first().waitFor();
		await other.look("network-by-hand");
		// Once is enough.
		other.expects("/network/confirmation", 410);
		await other.page.evaluate(() => location.assign("#network=abcdefghijklmnopqrstuvwxyz"));
		await other.page.getByRole("heading", { name: "There is nothing to keep any more" }).waitFor();
		await other.look("network-gone");
		expect(other.verdict()).toEqual([]);

		if (visitor.phone) return;
		// The page at the address that is gone says where the NAS is.
		await page
			.getByRole("dialog", { name: "The time is over" })
			.getByText("The NAS does not answer here any more.")
			.waitFor({ timeout: 100_000 });
		await page.getByRole("link", { name: `Open ${there}` }).waitFor();
		await visitor.look("network-elsewhere");
	},
	{ service: "networkd" },
);

// R122: where the answer with what keeps a change is lost, the page finds the change, and an administrator who signs in at the new address can keep it.
lanStory(
	"a change whose answer is lost is found again, and kept after signing in at the new address",
	async ({ nas, visit }) => {
		const visitor = await visit();
		visitor.loses();
		const { page } = visitor;
		const win = await atNetwork(visitor);
		const panel = await byHand(visitor, win, "192.0.2.20");
		await panel.getByLabel("IPv4 gateway").fill("192.0.2.1");
		const wire = await page.context().newCDPSession(page);
		await wire.send("Fetch.enable", {
			patterns: [{ urlPattern: "*/network/change", requestStage: "Response" }],
		});
		wire.on("Fetch.requestPaused", ({ requestId, request }) =>
			request.method === "POST"
				? wire.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" })
				: wire.send("Fetch.continueRequest", { requestId }),
		);
		await panel.getByRole("button", { name: /^Try for 60/ }).click();
		const dialog = page.getByRole("dialog", { name: "New settings of eth0: keep them?" });
		await dialog.getByText("sign in as an administrator and keep them under Settings › Network.").waitFor();
		await visitor.look("network-trial-sign-in");
		await wire.detach();
		const there = nas.address.replace("192.0.2.50", "192.0.2.20");
		await dialog.getByText("This page cannot reach the NAS for now.").last().waitFor();
		const other = await visitor.pressed(
			dialog.getByRole("link", { name: `Open ${there} and sign in there` }),
			there,
		);
		const again = await atNetwork(other);
		await again.getByText("By hand").first().waitFor();
		await again.getByRole("button", { name: /^Keep/ }).click();
		await again.getByText("They go back in").waitFor({ state: "detached" });
		await again.getByText("192.0.2.20").first().waitFor();
		expect(other.verdict()).toEqual([]);
	},
	{ service: "networkd" },
);

// R122: what nobody keeps goes back by itself; the page counts down and finds the NAS again at its old address.
lanStory(
	"an address that nobody keeps goes back by itself, and the page finds the NAS again",
	async ({ visit }) => {
		const visitor = await visit();
		visitor.loses();
		const { page } = visitor;
		const win = await atNetwork(visitor);
		const panel = await byHand(visitor, win, "198.51.100.20");
		await panel.getByLabel("IPv4 gateway").fill("198.51.100.9");
		await panel.getByRole("button", { name: /^Try for 60/ }).click();
		await page
			.getByText(/198\.51\.100\.9/)
			.first()
			.waitFor();
		const begun = Date.now();
		const timer = page.getByRole("timer");
		await timer.waitFor();
		expect(Number.parseInt(`${await timer.textContent()}`, 10)).toBeGreaterThan(55);
		await page.getByText("10 seconds left.").waitFor({ state: "attached", timeout: 70_000 });
		await visitor.look("network-last-seconds");
		const back = page.getByRole("dialog", { name: "The settings of eth0 went back" });
		await back.getByText("Nobody confirmed it within 60 seconds.").last().waitFor({ timeout: 60_000 });
		expect(Date.now() - begun).toBeGreaterThan(55_000);
		await expect
			.poll(() =>
				back.getByRole("button", { name: "Close" }).evaluate((one) => one === document.activeElement),
			)
			.toBe(true);
		await visitor.look("network-went-back");
		await back.getByRole("button", { name: "Change again" }).click();
		expect(await panel.getByLabel("IPv4 address", { exact: true }).inputValue()).toBe("198.51.100.20");
		await panel.getByRole("button", { name: "Cancel" }).click();
		await page.getByRole("button", { name: "Discard changes" }).click();
		await win.getByText("192.0.2.50").first().waitFor();
	},
	{ service: "networkd" },
);

// Whoever finds the new address by other ways than the link keeps it there, also after a reload of the page.
lanStory(
	"an address set by hand is kept by whoever signs in there",
	async ({ visit }) => {
		const visitor = await visit();
		visitor.loses();
		const { page } = visitor;
		const change = async (address: string) => {
			const panel = await byHand(visitor, await atNetwork(visitor), address);
			await panel.getByRole("button", { name: /^Try for 60/ }).click();
			await page.getByText("This page cannot reach the NAS for now.").last().waitFor();
		};
		const arrive = async (host: string) => {
			const there = await visit(undefined, host);
			there.loses();
			return { there, win: await atNetwork(there) };
		};
		await change("192.0.2.20");
		const { there, win } = await arrive("192.0.2.20");
		await win.getByText("Your new settings of eth0 wait to be kept.").waitFor();
		await there.look("network-waits-here");
		await there.page.reload();
		if (there.phone) await open(there, "Settings", "Network");
		await win.getByRole("button", { name: "Keep these settings" }).click();
		await win.getByText("eth0 keeps its new settings.").waitFor();
		const focused = () =>
			win.getByRole("button", { name: "Change eth0" }).evaluate((one) => one === document.activeElement);
		await expect.poll(focused).toBe(true);
		await there.look("network-kept-there");
		expect(await win.getByRole("button", { name: "Keep these settings" }).count()).toBe(0);
	},
	{ service: "networkd" },
);
