import type { Group, Me, Policy } from "../../api/types";

/** Whether two policies say the same; groups count only where groups are chosen. */
export function same(a: Policy, b: Policy): boolean {
	const groups = (policy: Policy) =>
		policy.two_step === "groups" ? [...policy.groups].sort().join(" ") : "";
	return a.two_step === b.two_step && a.email_codes === b.email_codes && groups(a) === groups(b);
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
