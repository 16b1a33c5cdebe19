import { fileName } from "../parts/save";

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
export const recoveryFile = (name: string, nas: string) => fileName(`recovery codes ${name} ${nas}.txt`);
