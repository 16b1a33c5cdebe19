import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** The entries that are shown. */
const shown = (win: Locator) => win.locator("tr.link, li:has(> button[aria-expanded])");

const exporting = "Export or clear";

const opener = (win: Locator, menu: string) => win.locator("button.opener", { hasText: menu });

async function pick(visitor: Visitor, win: Locator, menu: string, item: string | RegExp) {
	await (menu === exporting ? win.getByRole("button", { name: menu }) : opener(win, menu)).click();
	await visitor.page
		.getByRole("dialog", { name: menu, exact: true })
		.getByRole("button", { name: item })
		.click();
}

async function saved(visitor: Visitor, win: Locator, item: string): Promise<{ name: string; text: string }> {
	const coming = visitor.page.waitForEvent("download");
	await pick(visitor, win, exporting, item);
	const file = await coming;
	return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}

// R136 R137: the owner finds what happened by who, what, when and words, takes it along as a file that no spreadsheet
// takes for formulas, and cannot clear it without a trace.
story("the log is filtered, searched, exported and cleared", async ({ claimed, remote, visit }) => {
	await claimed();
	const stranger = await remote();
	for (const name of ["nobody", "marta"]) await stranger.fail(name, "curl 8.5");
	const visitor = await visit();
	await signIn(visitor, marta);
	await desktop(visitor);
	const { page } = visitor;
	const win = await open(visitor, "Log", "All entries");
	await shown(win).first().waitFor();
	const all = await shown(win).count();
	await visitor.look("log");

	await pick(visitor, win, "Outcome", "Refused");
	await win.getByText("2 entries of").waitFor();
	expect(await shown(win).count()).toBe(2);
	await visitor.look("log-refused");
	await opener(win, "User").click();
	await page.getByRole("dialog", { name: "User", exact: true }).getByPlaceholder("Find a user").fill("mart");
	await visitor.look("log-who");
	await page
		.getByRole("dialog", { name: "User", exact: true })
		.getByRole("button", { name: /^marta/ })
		.click();
	await win.getByText("1 entry of").waitFor();
	await win.getByRole("button", { name: "Remove the filter Refused" }).click();
	await expect.poll(() => shown(win).count()).toBeGreaterThan(1);
	await win.getByRole("button", { name: "Clear filters" }).click();
	await expect.poll(() => shown(win).count()).toBe(all);

	await win.getByPlaceholder("Search messages, users, addresses").fill("CLAIMED marta");
	await expect.poll(() => shown(win).count()).toBe(1);
	await shown(win).first().getByRole("button").first().click();
	await visitor.look("log-opened");
	await win.getByRole("button", { name: "Only this kind" }).click();
	await win.getByRole("button", { name: "Remove the filter Box claimed" }).waitFor();
	await win.getByPlaceholder("Search messages, users, addresses").fill("zebra");
	await win.getByText("Nothing matches").waitFor();
	await visitor.look("log-nothing");
	await win.getByRole("button", { name: "Clear filters" }).click();

	await opener(win, "Time").click();
	await visitor.look("log-time");
	const times = page.getByRole("dialog", { name: "Time", exact: true });
	await times.getByRole("button", { name: "Show this time" }).click();
	await times.getByText("Enter one of the two.").waitFor();
	await times.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
	await times.getByRole("button", { name: "Show this time" }).click();
	await win.getByText("Nothing matches").waitFor();
	await win.getByRole("button", { name: /Remove the filter Until/ }).click();
	await pick(visitor, win, "Time", "Today");
	await expect.poll(() => shown(win).count()).toBe(all);

	const csv = await saved(visitor, win, "Export as CSV");
	expect(csv.name).toMatch(/^attic-nas-log-\d{4}-\d\d-\d\d\.csv$/);
	expect(csv.text.split("\r\n")[0]).toBe(
		"number,time,clock,level,outcome,area,kind,actor,address,browser,request,message,details".replace(
			/\w+/g,
			'"$&"',
		),
	);
	await pick(visitor, win, "Outcome", "Refused");
	await win.getByText(/entries of/).waitFor();
	const lines = await saved(visitor, win, "Export as JSON lines");
	const events = lines.text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(events.map((one) => one.outcome)).toEqual(["refused", "refused"]);
	expect(events[1]).toMatchObject({ kind: "sign_in.refused", actor: "marta", address: "127.0.0.1" });
	await win.getByRole("button", { name: "Clear filters" }).click();

	await pick(visitor, win, exporting, "Clear the log");
	await visitor.look("log-clear");
	await page.getByRole("button", { name: "Clear log" }).click();
	await page.getByText("Log cleared").waitFor();
	await win.getByText("The log was cleared").waitFor();
	expect(await shown(win).count()).toBe(1);
	await visitor.look("log-cleared");

	const syslog = await open(visitor, "Log", "Send to syslog");
	await syslog.getByText("Not set up").waitFor();
	await visitor.look("log-syslog");
	await syslog.getByLabel("Server", { exact: true }).fill("127.0.0.99");
	await syslog.getByRole("button", { name: "Send a test line" }).click();
	await syslog.getByText("The server cannot be reached.").waitFor();
	await syslog.getByRole("button", { name: "Save", exact: true }).click();
	await syslog.getByText("Not reached", { exact: true }).waitFor();
	await visitor.look("log-syslog-failing");
	await syslog.getByRole("button", { name: "Remove", exact: true }).click();
	await page.getByRole("button", { name: "Remove server" }).click();
	await syslog.getByText("Not set up").waitFor();
});
