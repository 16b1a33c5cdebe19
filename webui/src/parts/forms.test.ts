import { expect, test } from "vitest";
import { emailFault, nasNameFault, userNameFault } from "./forms";

test.each(["lena", "lena.vogt", "l", "a-b_c.d9"])("%j can be a user name", (name) => {
	expect(userNameFault(name)).toBe("");
});

test.each(["", "Lena", "lena vogt", ".lena", "lena-", "léna", "a".repeat(33)])("%j cannot be one", (name) => {
	expect(userNameFault(name)).not.toBe("");
});

test.each(["attic-nas", "NAS2", "a"])("%j can be the name of a NAS", (name) => {
	expect(nasNameFault(name)).toBe("");
});

test.each(["", "attic nas", "-nas", "nas-", "nas.local", "a".repeat(64)])("%j cannot be one", (name) => {
	expect(nasNameFault(name)).not.toBe("");
});

test("an address may be missing, but not half written", () => {
	expect(emailFault("")).toBe("");
	expect(emailFault("lena@vogt.example")).toBe("");
	expect(emailFault("lena@")).not.toBe("");
	expect(emailFault("lena vogt@example.org")).not.toBe("");
});
