import { known, utcOffset } from "./format";

export interface ZoneOption {
	value: string;
	name: string;
	note: string;
}

let cached: ZoneOption[] | undefined;

/** All time zones this browser knows, with UTC first and what is chosen already in any case. */
export function zones(chosen: string, at: number): ZoneOption[] {
	cached ??= ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")].map((zone) =>
		option(zone, at),
	);
	if (!chosen || cached.some((one) => one.value === chosen)) return cached;
	return [option(chosen, at), ...cached];
}

function option(zone: string, at: number): ZoneOption {
	const name = zone.replaceAll("_", " ");
	return { value: zone, name, note: known(zone) === zone ? utcOffset(at, zone) : "" };
}

export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
