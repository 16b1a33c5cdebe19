import { expect, test } from "vitest";
import { recoveryFile, recoveryText } from "./recovery";

test("the file says whose codes it holds, and each on a line of its own", () => {
	const text = recoveryText(["AAAA-BBBB", "CCCC-DDDD"], "lena", "attic-nas", "21 Nov 2026");
	expect(text.split("\n").slice(0, 5)).toEqual([
		"Recovery codes of lena on attic-nas",
		"Made 21 Nov 2026",
		"",
		" 1  AAAA-BBBB",
		" 2  CCCC-DDDD",
	]);
	expect(text.endsWith("\n")).toBe(true);
});

test("the name of the file is one that every system takes", () => {
	expect(recoveryFile("lena", "attic-nas")).toBe("recovery codes lena attic-nas.txt");
	expect(recoveryFile("a/b:c", "x")).toBe("recovery codes a_b_c x.txt");
});
