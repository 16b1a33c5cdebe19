import type { Group, Operation } from "./reference";

/**
 * Where the words of a search are in an operation: 0 where what it is called has them all, 1 where they want the names of what is
 * sent and comes back as well, 2 where they want its description, too. Nothing where a word is in none of these.
 */
export function rank(one: Operation, search: string): number | undefined {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	const places = [
		[one.method, one.path, one.id, one.summary, one.tag, one.scope].join(" "),
		one.fields,
		one.description,
	];
	let text = "";
	for (const [place, more] of places.entries()) {
		text += ` ${more.toLowerCase()}`;
		if (words.every((word) => text.includes(word))) return place;
	}
	return undefined;
}

/** Who asks, as far as operations are for some people alone. */
type Caller = { administrator: boolean };

/** Whether somebody may call an operation. */
export const mayCall = ({ access }: Operation, { administrator }: Caller) =>
	access === "administrator" ? administrator : access !== "local";

/** The operation that a text names by its method and its path, such as “POST /machine/session”; nothing where it names none. */
export function named(groups: readonly Group[], text: string): Operation | undefined {
	const [method, path, ...more] = text.split(" ");
	if (!path?.startsWith("/") || more.length > 0) return undefined;
	return groups
		.flatMap(({ operations }) => operations)
		.find((one) => one.method === method && (one.path === path || one.path === `/api/v1${path}`));
}

/** What is left of the groups when only some operations are wanted. */
export const narrowed = (groups: readonly Group[], wanted: (one: Operation) => boolean): Group[] =>
	groups
		.map((one) => ({ ...one, operations: one.operations.filter(wanted) }))
		.filter(({ operations }) => operations.length > 0);

/** What a search finds, what fits best first; all of it in its own order without a search. */
export function found(groups: readonly Group[], search: string): Group[] {
	const place = (one: Operation) => rank(one, search) ?? 0;
	const best = ({ operations }: Group) => Math.min(...operations.map(place));
	return narrowed(groups, (one) => rank(one, search) !== undefined)
		.map((one) => ({ ...one, operations: [...one.operations].sort((a, b) => place(a) - place(b)) }))
		.sort((a, b) => best(a) - best(b));
}
