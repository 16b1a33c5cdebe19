import type { Group, GroupMember } from "../../api/types";

/** Built-in groups begin like a sentence; one's own are called as they were called. */
export const groupName = (group: Pick<Group, "name" | "built_in">) =>
	group.built_in ? group.name.charAt(0).toUpperCase() + group.name.slice(1) : group.name;

/** Says why something cannot be the name of a group, or nothing. */
export function groupNameFault(name: string): string {
	if (name === "") return "Give the group a name.";
	if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return "Use letters a to z, digits and . _ - in it.";
	return name.length > 32 ? "Use at most 32 characters." : "";
}

/** Who is in a group while it is being edited. */
export class Members {
	readonly #before: string;
	#chosen = $state.raw<ReadonlyMap<string, GroupMember>>(new Map());

	constructor(members: readonly GroupMember[]) {
		this.#chosen = new Map(members.map((member) => [member.id, member]));
		this.#before = this.#key();
	}

	readonly list = $derived([...this.#chosen.values()]);
	readonly ids = $derived([...this.#chosen.keys()]);

	has(id: string): boolean {
		return this.#chosen.has(id);
	}

	toggle(member: GroupMember) {
		const next = new Map(this.#chosen);
		if (!next.delete(member.id)) next.set(member.id, member);
		this.#chosen = next;
	}

	get changed(): boolean {
		return this.#key() !== this.#before;
	}

	#key(): string {
		return [...this.#chosen.keys()].sort().join(" ");
	}
}
