/** Has the browser save a text as a file. */
export function save(text: string, file: string, type = "text/plain") {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type }));
	link.download = file;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A name for a file which every system takes. */
export const fileName = (name: string) => name.replace(/[^\w. -]/g, "_");
