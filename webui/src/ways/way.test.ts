import { describe, expect, test } from "vitest";
import { codeFault, codeWays, complete, firstWay, foldRecovery, otherWays, timely, wayNote } from "./way";

describe("the choice of a way", () => {
	test("begins with the one that the NAS puts first", () => {
		expect(firstWay(["email", "app", "recovery"])).toBe("email");
		expect(firstWay(["recovery"])).toBe("recovery");
	});

	test("knows when there is none", () => {
		expect(firstWay([])).toBeUndefined();
		expect(firstWay(undefined)).toBeUndefined();
	});

	test("leaves the others in their order", () => {
		expect(otherWays(["app", "email", "recovery"], "email")).toEqual(["app", "recovery"]);
		expect(otherWays(["app"], "app")).toEqual([]);
	});

	test("offers a press of the button and never begins with it", () => {
		expect(firstWay(["presence"])).toBeUndefined();
		expect(otherWays(["app", "recovery", "presence"], "app")).toEqual(["recovery", "presence"]);
		expect(otherWays(["presence"], undefined)).toEqual(["presence"]);
	});

	test("has no place for a press where a code is typed", () => {
		expect(codeWays(["app", "recovery", "presence"])).toEqual(["app", "recovery"]);
	});

	test("says where a mail would go", () => {
		expect(wayNote("email", "a•••@e•••.org")).toContain("a•••@e•••.org");
	});
});

// R066: case, spaces and dashes are forgiven, and nothing else.
describe("a recovery code", () => {
	const code = "7K4PQX2MM9TD3HVCW2RY8NJE";

	test.each([
		"7K4P-QX2M-M9TD-3HVC-W2RY-8NJE",
		"7k4p qx2m m9td 3hvc w2ry 8nje",
		" 7k4pqx2m-M9TD 3hvcw2ry8nje ",
		code,
	])("is understood as “%s”", (typed) => {
		expect(foldRecovery(typed)).toBe(code);
		expect(complete("recovery", typed)).toBe(true);
	});

	test.each([
		"7K4P-QX2M",
		`${code}7`,
		code.replace("7", "I"),
		code.replace("7", "o"),
		code.replace("7", "."),
		"123456",
	])("is not “%s”", (typed) => {
		expect(codeFault("recovery", typed)).toContain("24 letters and digits");
	});

	test("is asked for when nothing was entered", () => {
		expect(codeFault("recovery", " - ")).toBe("Enter one of your recovery codes.");
	});
});

test("while the time is not known, codes of apps are offered last", () => {
	expect(timely(["app", "email", "recovery"], false)).toEqual(["email", "recovery", "app"]);
	expect(timely(["app", "recovery"], true)).toEqual(["app", "recovery"]);
	expect(timely(["app"], false)).toEqual(["app"]);
});

test.each(["app", "email"] as const)("a code by way of %s has six digits", (way) => {
	expect(complete(way, "012345")).toBe(true);
	expect(complete(way, "01234")).toBe(false);
	expect(codeFault(way, "")).not.toBe("");
});
