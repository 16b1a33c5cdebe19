import { api } from "../api/client";
import { Resource } from "../api/resource.svelte";
import type { Check, Level } from "../api/types";
import { lifebuoy, mail, press, time } from "../icons/first";
import { database, external, network, shieldCheck } from "../icons/icons";
import type { Shape } from "../icons/shape";

export const health = new Resource(() => api.get("/health"));

export const healthWord: Record<Level, string> = { ok: "Healthy", warn: "Look at this", bad: "Problem" };

export const checkIcon: Record<Check["code"], Shape> = {
	network,
	clock: time,
	button: press,
	two_step: shieldCheck,
	recovery: lifebuoy,
	mail,
	store: database,
	syslog: external,
};

/** Where a person can do something about a check. */
export const checkPage: Record<Check["code"], { app: string; page: string }> = {
	network: { app: "settings", page: "network" },
	clock: { app: "settings", page: "time" },
	button: { app: "settings", page: "button" },
	two_step: { app: "personal", page: "security" },
	recovery: { app: "personal", page: "security" },
	mail: { app: "settings", page: "notification" },
	store: { app: "log", page: "system" },
	syslog: { app: "log", page: "syslog" },
};

/** The one sentence over the checks. */
export function verdict(checks: Check[]): string {
	const open = checks.filter((check) => check.level !== "ok").length;
	if (open === 0) return "Everything is fine";
	if (checks.some((check) => check.level === "bad"))
		return open === 1 ? "One problem" : `${open} things need attention`;
	return open === 1 ? "One thing to look at" : `${open} things to look at`;
}
