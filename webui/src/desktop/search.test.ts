import { describe, expect, test } from "vitest";
import { apps, appsFor } from "./apps";
import { find, matches } from "./search";
import { Win } from "./windows.svelte";

describe("a text matches", () => {
	test.each([
		["riha", "Tomáš Říha"],
		["date time", "Date & Time"],
		["2-step", "2-step verification"],
		["veri 2", "2-step verification"],
	])("%j in %j", (search, text) => {
		expect(matches(search, text)).toBe(true);
	});

	test("only from the beginning of a word", () => {
		expect(matches("ime", "Date & Time")).toBe(false);
	});
});

describe("the search of the app menu", () => {
	test("finds nothing for nothing", () => {
		expect(find("  ", apps, [])).toEqual([]);
	});

	test("lists open windows before apps, and apps before pages", () => {
		const open = apps.filter((app) => app.id === "log").map((app) => new Win(app, "settings"));
		const kinds = find("settings", apps, open).map((hit) => hit.kind);
		expect(kinds[0]).toBe("window");
		expect(kinds).toEqual([...kinds].sort((a, b) => "wap".indexOf(a[0] ?? "") - "wap".indexOf(b[0] ?? "")));
	});

	test("finds a page by other words, too", () => {
		expect(find("ntp", apps, []).map((hit) => hit.name)).toEqual(["Date & Time"]);
	});

	test("shows people without rights none of what they may not open", () => {
		const names = find("users", appsFor(false), []).map((hit) => hit.name);
		expect(names).toEqual([]);
		expect(appsFor(false).map((app) => app.id)).toEqual(["personal", "about", "help"]);
	});
});
