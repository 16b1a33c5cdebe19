import { tick } from "svelte";

/** Brings the focus to the first field of a form that has a fault, and all of that field into sight. */
export async function focusFault(form: HTMLElement | undefined) {
	await tick();
	showFault(form?.querySelector<HTMLElement>("[aria-invalid='true']"));
}

/** The same for a field that is known. about is what says how it is called and what is wrong with it. */
export function showFault(field: Element | null | undefined, about = field?.closest(".field") ?? field) {
	if (field instanceof HTMLElement) field.focus({ preventScroll: true });
	// No further than it takes: what is around a dialog can be scrolled, too, by pages alone.
	about?.scrollIntoView({ block: "nearest" });
}

/** Says why something cannot be an e-mail address, or nothing. The NAS decides; this only catches slips. */
export function emailFault(address: string): string {
	if (address === "" || /^[^\s@]+@[^\s@]+$/.test(address)) return "";
	return "Write the address as name@example.org.";
}

/** Says why something cannot be a user name, or nothing. */
export function userNameFault(name: string): string {
	if (name === "") return "Choose a user name.";
	if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(name))
		return "Use small letters, digits and . _ - between them.";
	return name.length > 32 ? "Use at most 32 characters." : "";
}

/** Says why something cannot be the name of a NAS, or nothing. */
export function nasNameFault(name: string): string {
	if (name === "") return "Give the NAS a name.";
	if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name))
		return "Use letters, digits and “-” between them.";
	return name.length > 63 ? "Use at most 63 characters." : "";
}
