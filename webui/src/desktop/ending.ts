/** Seconds before the end of a session at which the person is told. */
export const warnAt = 60;

/** Whether a session is far from its end, near it, or over. */
export function ending(seconds: number): "no" | "near" | "over" {
	if (seconds <= 0) return "over";
	return seconds <= warnAt ? "near" : "no";
}
