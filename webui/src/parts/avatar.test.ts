import { expect, test } from "vitest";
import { hue, initials } from "./avatar";

test.each([
	["Lena Vogt", "LV"],
	["backup", "BA"],
	["Tomáš Říha", "TŘ"],
	["Maximiliane Alexandra von Hohenstein", "MH"],
	["x", "X"],
	["  ", ""],
])("the initials of %j are %j", (name, letters) => {
	expect(initials(name)).toBe(letters);
});

test("an account always has the same hue", () => {
	expect(hue("lena")).toBe(hue("lena"));
	expect(hue("")).toMatch(/^#/);
});
