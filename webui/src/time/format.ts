/** The words are English, so dates are written in the person's own English, or else in a day-first one. */
export const locale = pickLocale(navigator.languages ?? [navigator.language]);

export function pickLocale(languages: readonly string[]): string {
	return languages.find((language) => /^en\b/.test(language)) ?? "en-GB";
}

const minus = "−";
const second = 1000;
const minute = 60 * second;
/** From here on seconds round up to a minute. */
const almostMinute = minute - second / 2;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;
/** Keeps a number and its unit on one line. */
const nbsp = "\u00a0";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = zone + JSON.stringify(options);
	let found = formats.get(key);
	if (!found) {
		found = new Intl.DateTimeFormat(locale, { ...options, timeZone: known(zone) });
		formats.set(key, found);
	}
	return found;
}

/** A zone this browser does not know is shown as UTC, rather than no time at all. */
export function known(zone: string): string {
	try {
		new Intl.DateTimeFormat(locale, { timeZone: zone });
		return zone;
	} catch {
		return "UTC";
	}
}

/** 09:07, but 9:07 PM where the day has twice twelve hours. */
const hours = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12
	? "numeric"
	: "2-digit";

/** 14:07 */
export const clockTime = (at: number, zone: string) =>
	format(zone, { hour: hours, minute: "2-digit" }).format(at);

/** 14:07:26 */
export const clockSeconds = (at: number, zone: string) =>
	format(zone, { hour: hours, minute: "2-digit", second: "2-digit" }).format(at);

/** Sat 21 Nov */
export const shortDay = (at: number, zone: string) =>
	format(zone, { weekday: "short", day: "numeric", month: "short" }).format(at).replace(",", "");

/** Saturday 21 November */
export const longDay = (at: number, zone: string) =>
	format(zone, { weekday: "long", day: "numeric", month: "long" }).format(at).replace(",", "");

/** 21 Nov 2026 */
export const date = (at: number, zone: string) =>
	format(zone, { day: "numeric", month: "short", year: "numeric" }).format(at);

/** 21 Nov */
export const shortDate = (at: number, zone: string) =>
	format(zone, { day: "numeric", month: "short" }).format(at);

/** A word that is the same for all times of one day in a zone. */
export const dayOf = (at: number, zone: string) =>
	format(zone, { day: "numeric", month: "numeric", year: "numeric" }).format(at);

/** Today 14:07, Yesterday 14:07, 21 Nov 2026 */
export function moment(at: number, now: number, zone: string): string {
	if (dayOf(at, zone) === dayOf(now, zone)) return `Today ${clockTime(at, zone)}`;
	if (dayOf(at, zone) === dayOf(now - day, zone)) return `Yesterday ${clockTime(at, zone)}`;
	return date(at, zone);
}

/** 26 s ago, 4 min ago; after an hour the time of day, after the day the date. */
export function ago(at: number, now: number, zone: string): string {
	const passed = Math.max(0, now - at);
	if (passed < 2 * second) return "just now";
	if (passed < minute) return `${Math.floor(passed / second)} s ago`;
	if (passed < hour) return `${Math.floor(passed / minute)} min ago`;
	if (dayOf(at, zone) === dayOf(now, zone)) return `at ${clockTime(at, zone)}`;
	return moment(at, now, zone).replace("Yesterday", "yesterday");
}

/** A span in its two largest units, on one line: 20 years, 2 h 5 min, 3 min 12 s, 40 s, 1.5 s, 3 ms. */
export const span = (ms: number) => spanWords(Math.abs(ms)).replaceAll(" ", nbsp);

function spanWords(size: number): string {
	if (size < second) return `${Math.round(size)} ms`;
	if (size < 10 * second) return `${number(size / second, 1)} s`;
	if (size < almostMinute) return `${Math.round(size / second)} s`;
	if (size < hour) return two(size, minute, "min", second, "s");
	if (size < 2 * day) return two(size, hour, "h", minute, "min");
	return long(size);
}

/** From two days on: 8 days, 2.5 years, 20 years. */
function long(size: number): string {
	if (size < 2 * year) return `${number(Math.round(size / day))} days`;
	const years = Math.round((10 * size) / year) / 10;
	return years < 10 && years % 1 !== 0 ? `${number(years, 1)} years` : `${number(Math.round(years))} years`;
}

/** The same for what is known in whole seconds: 0 s, 4 s, 1 min 5 s. */
export const seconds = (count: number) => (count < 60 ? `${Math.round(count)} s` : span(count * second));

function two(size: number, large: number, largeName: string, small: number, smallName: string): string {
	const rounded = Math.round(size / small) * small;
	const rest = Math.round((rounded % large) / small);
	const whole = `${Math.floor(rounded / large)} ${largeName}`;
	return rest ? `${whole} ${rest} ${smallName}` : whole;
}

/** How far a clock is off: 0 ms, +3 ms, −1.5 s, 3 min 12 s slow. */
export function offset(ms: number): string {
	if (Math.round(ms) === 0) return span(0);
	if (Math.abs(ms) < almostMinute) return `${ms < 0 ? minus : "+"}${span(ms)}`;
	return `${span(ms)} ${ms < 0 ? "slow" : "fast"}`;
}

/** The same in words alone: in step, 3 ms fast, 1.5 s slow. */
export function slowOrFast(ms: number): string {
	if (Math.round(ms) === 0) return "in step";
	return `${span(ms)} ${ms < 0 ? "slow" : "fast"}`;
}

/** How far time is moved: forward 2 h, back 3 min 12 s. */
export const moved = (ms: number) => `${ms < 0 ? "back" : "forward"} ${span(ms)}`;

/** The same in one short phrase for the task bar: 3 min slow. */
export function roughOffset(ms: number): string {
	const size = Math.abs(ms);
	const words =
		size < almostMinute
			? `${Math.round(size / second)} s`
			: size < hour - minute / 2
				? `${Math.round(size / minute)} min`
				: size < 2 * day
					? `${Math.round(size / hour)} h`
					: long(size);
	return `${words} ${ms < 0 ? "slow" : "fast"}`;
}

/** +2.8 ms or −3 min 12 s with its sign, for columns. */
export function signed(ms: number): string {
	const size = Math.abs(ms);
	const sign = size < 0.05 ? "" : ms < 0 ? minus : "+";
	if (size >= almostMinute) return sign + span(size);
	return size < second ? `${sign}${number(size, 1)} ms` : `${sign}${number(size / second, 1)} s`;
}

/** 1:42 */
export function countdown(seconds: number): string {
	const left = Math.max(0, Math.ceil(seconds));
	return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

export function number(value: number, digits = 0): string {
	return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Berlin, from Europe/Berlin. */
export const city = (zone: string) => zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");

/** UTC+2, for telling zones apart. */
export function utcOffset(at: number, zone: string): string {
	const parts = format(zone, { timeZoneName: "shortOffset" }).formatToParts(at);
	return (parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC").replace("GMT", "UTC");
}

/** The first sentence of a message, which is the fact, and what follows from it. */
export function factFirst(message: string): [fact: string, rest: string] {
	const end = message.indexOf(". ") + 1 || message.length;
	return [message.slice(0, end), message.slice(end).trim()];
}

export const plural = (count: number, one: string, many: string) =>
	`${number(count)} ${count === 1 ? one : many}`;
