/** The recovery codes as a text to be kept in a file or on paper. */
export function recoveryText(codes: readonly string[], name: string, nas: string, made: string): string {
	const lines = codes.map((code, place) => `${String(place + 1).padStart(2)}  ${code}`);
	return [
		`Recovery codes of ${name} on ${nas}`,
		`Made ${made}`,
		"",
		...lines,
		"",
		"Each signs you in once, after your password, when you do not have your phone.",
		"Keep them where nobody else looks, and not on the NAS itself.",
		"",
	].join("\n");
}

/** A name for that file which every system takes. */
export const recoveryFile = (name: string, nas: string) =>
	`recovery codes ${name} ${nas}.txt`.replace(/[^\w. -]/g, "_");

/** Has the browser save a text as a file. */
export function save(text: string, file: string) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	link.download = file;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
