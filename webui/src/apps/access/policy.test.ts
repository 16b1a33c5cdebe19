import { expect, test } from "vitest";
import type { Policy } from "../../api/types";
import { groupName, groupNameFault, Members } from "./groups.svelte";
import { covers, idleTimes, same } from "./policy";

const policy = (more: Partial<Policy>): Policy => ({
	two_step: "nobody",
	groups: [],
	email_codes: "everybody",
	...more,
});
const lena = { id: "a", name: "lena", display_name: "Lena" };
const groups = [{ id: "g", name: "family", built_in: false, members: [lena] }];

test("groups count only where groups are chosen", () => {
	expect(same(policy({}), policy({ groups: ["g"] }))).toBe(true);
	expect(same(policy({ two_step: "groups" }), policy({ two_step: "groups", groups: ["g"] }))).toBe(false);
	expect(
		same(
			policy({ two_step: "groups", groups: ["g", "h"] }),
			policy({ two_step: "groups", groups: ["h", "g"] }),
		),
	).toBe(true);
	expect(same(policy({}), policy({ email_codes: "nobody" }))).toBe(false);
});

test.each([
	["nobody", "administrator", false],
	["administrators", "administrator", true],
	["administrators", "user", false],
	["everyone", "user", true],
	["groups", "user", true],
] as const)("a policy for %s covers a person with the role %s: %s", (two_step, role, covered) => {
	expect(covers(policy({ two_step, groups: ["g"] }), groups, { id: "a", role })).toBe(covered);
});

test("who is in none of the chosen groups is not covered", () => {
	expect(covers(policy({ two_step: "groups", groups: ["g"] }), groups, { id: "b", role: "user" })).toBe(
		false,
	);
});

test("built-in groups begin like a sentence", () => {
	expect(groupName({ name: "administrators", built_in: true })).toBe("Administrators");
	expect(groupName({ name: "family", built_in: false })).toBe("family");
});

test.each(["family", "Family", "a.b-c_1"])("a group may be called “%s”", (name) => {
	expect(groupNameFault(name)).toBe("");
});

test.each(["", "a b", "-a", "é", "a".repeat(33)])("a group may not be called “%s”", (name) => {
	expect(groupNameFault(name)).not.toBe("");
});

test("ticking somebody twice changes nothing", () => {
	const members = new Members([lena]);
	members.toggle(lena);
	expect(members.changed).toBe(true);
	expect(members.ids).toEqual([]);
	members.toggle(lena);
	expect(members.changed).toBe(false);
});

test("a time that was set elsewhere stands among the idle times", () => {
	expect(idleTimes(12).map(({ value }) => value)).toEqual(["5", "10", "12", "15", "30", "45", "60"]);
	expect(idleTimes().map(({ name }) => name)).toEqual([
		"5 minutes",
		"10 minutes",
		"15 minutes",
		"30 minutes",
		"45 minutes",
		"1 hour",
	]);
	expect(same(policy({ idle_minutes: 5 }), policy({ idle_minutes: 30 }))).toBe(false);
});
