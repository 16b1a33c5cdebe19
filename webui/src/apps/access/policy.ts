import type { Group, Me, Policy } from "../../api/types";

/** Whether two policies say the same; groups count only where groups are chosen. */
export function same(a: Policy, b: Policy): boolean {
	const groups = (policy: Policy) =>
		policy.two_step === "groups" ? [...policy.groups].sort().join(" ") : "";
	return (
		a.two_step === b.two_step &&
		a.email_codes === b.email_codes &&
		a.presence === b.presence &&
		a.idle_minutes === b.idle_minutes &&
		groups(a) === groups(b)
	);
}

/** The times after which idle sessions may end, with the one that is set. */
export function idleTimes(set = 30): { value: string; name: string }[] {
	const minutes = [...new Set([5, 10, 15, 30, 45, 60, set])].sort((a, b) => a - b);
	return minutes.map((count) => ({ value: `${count}`, name: count === 60 ? "1 hour" : `${count} minutes` }));
}

/** Whether somebody must use 2-step verification by a policy. */
export function covers(policy: Policy, groups: readonly Group[], person: Pick<Me, "id" | "role">): boolean {
	if (policy.two_step === "everyone") return true;
	if (policy.two_step === "administrators") return person.role === "administrator";
	if (policy.two_step === "nobody") return false;
	return groups.some(
		(group) => policy.groups.includes(group.id) && group.members.some(({ id }) => id === person.id),
	);
}
