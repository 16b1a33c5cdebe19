import { plural } from "../../time/format";
import type { Entry } from "./import.svelte";

/** What a line would do, or did, in words. */
export function outcome(entry: Entry): string {
	switch (entry.state) {
		case "waiting":
			return entry.invited ? "Gets an invitation" : "Gets a temporary password";
		case "adding":
			return "Being added";
		case "added":
			return entry.invited ? "Added, invitation mailed" : "Added, temporary password";
		case "left_out":
			return entry.why;
		case "failed":
			return entry.why;
	}
}

/** The same once it is over: who was not reached is said to be so. */
export const result = (entry: Entry) => (entry.state === "waiting" ? "Not added" : outcome(entry));

/** A cell that no program takes for a formula, whatever it begins with. */
export function cell(text: string): string {
	const tame = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return `"${tame.replaceAll('"', '""')}"`;
}

/**
 * The report as a file for spreadsheets, with a byte order mark so that they read it as UTF-8. It has no passwords:
 * files stay where they were saved.
 */
export function report(entries: readonly Entry[]): string {
	const head = ["line", "user name", "name", "e-mail", "group", "result"];
	const rows = entries.map((one) => [
		`${one.line}`,
		one.name,
		one.display_name,
		one.email,
		one.group,
		result(one),
	]);
	return `\ufeff${[head, ...rows].map((row) => `${row.map(cell).join(";")}\r\n`).join("")}`;
}

/** The temporary passwords as a text, one person a line. */
export const passwordList = (entries: readonly Entry[]) =>
	entries.map((one) => `${one.name}\t${one.password}\n`).join("");

/** 12 people: 10 get an invitation, 2 a temporary password. */
export function summary(able: readonly Entry[]): string {
	const invited = able.filter((one) => one.invited).length;
	const rest = able.length - invited;
	const people = plural(able.length, "person", "people");
	if (able.length === 0) return "Nobody can be added.";
	if (rest === 0) return `${people} can be added, with an invitation by mail.`;
	if (invited === 0) return `${people} can be added, with a temporary password.`;
	return `${people} can be added: ${invited} with an invitation by mail, ${rest} with a temporary password.`;
}
