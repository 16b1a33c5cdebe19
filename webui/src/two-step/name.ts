/** The longest first word that a name is made of; names of devices have 64 characters at most. */
const longest = 48;

/** What a first device is called for whoever has this name. */
export function firstName(shown: string): string {
	const [first = ""] = shown.split(" ");
	return first && [...first].length <= longest ? `${first}’s phone` : "My phone";
}

/** The wish, or the wish and the next number, so that no other device is called so. Capitals do not tell names apart. */
export function freeName(wish: string, taken: readonly string[]): string {
	const others = new Set(taken.map((name) => name.toLowerCase()));
	let name = wish;
	for (let next = 2; others.has(name.toLowerCase()); next++) name = `${wish} ${next}`;
	return name;
}
