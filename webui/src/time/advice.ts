import type { Clock } from "../api/types";

/** What to do about the clock, for an administrator who has Date & Time in front of them, or one step away. */
export function adviceHere({ state, reason, advice }: Clock): string {
	if (reason === "system_off")
		return "Codes work all the same. “Clock of the NAS” on Date & Time says who sets it.";
	if (reason === "single_source") return "Add servers until there are three.";
	if (reason === "long_off")
		return "This is as it should be if the NAS was off for long or its clock ran wrong. Look at a clock you trust. If the servers are right, accept their time; if not, replace them.";
	if (reason === "jump" && state === "suspect")
		return "Look at a clock you trust. If the servers are right, accept their time; if not, replace them.";
	return advice;
}
