const hues = ["#075c75", "#44546a", "#4f4b82", "#7b3f42", "#6b3f69", "#5d5417", "#22604a", "#66503d"];

/** Two letters for a person: of the first and last word of the name, or the first two of a single word. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	const first = [...(words[0] ?? "")];
	const last = words.length > 1 ? [...(words[words.length - 1] ?? "")] : [];
	const letters = last.length > 0 ? [first[0], last[0]] : first.slice(0, 2);
	return letters.join("").toLocaleUpperCase("en");
}

/** One of eight muted hues, always the same for the same account. */
export function hue(account: string): string {
	let sum = 7;
	for (const letter of account) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65521;
	return hues[sum % hues.length] ?? "#44546a";
}
