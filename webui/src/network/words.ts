import type { Interface, InterfaceAddress } from "../api/types";

const types: Record<Interface["type"], string> = {
	ethernet: "Ethernet",
	wifi: "Wi-Fi",
	bridge: "Bridge",
	bond: "Bond",
	vlan: "VLAN",
	other: "Interface",
};

export const typeName = (one: Interface) => types[one.type];

/** 100 Mbit/s, 1 Gbit/s, 2.5 Gbit/s; nothing where it is not known. */
export function speed(mbit: number): string {
	if (mbit <= 0) return "";
	return mbit >= 1000 ? `${Number((mbit / 1000).toFixed(1))}\u00a0Gbit/s` : `${mbit}\u00a0Mbit/s`;
}

/** What state an interface is in, as a dot and words. */
export function state(one: Interface): { level: "ok" | "warn" | "off"; words: string } {
	if (!one.up) return { level: "off", words: "Turned off" };
	if (!one.carrier) return { level: "off", words: one.type === "wifi" ? "Not connected" : "No cable" };
	const fast = speed(one.speed);
	if (!one.addresses.some(usable)) return { level: "warn", words: "Connected, without an address" };
	return { level: "ok", words: fast ? `Connected, ${fast}` : "Connected" };
}

const sources: Record<InterfaceAddress["from"], string> = {
	dhcp: "DHCP",
	router: "Router",
	manual: "By hand",
	itself: "Link-local",
};

/** Where an address came from, in one word. */
export const source = (address: InterfaceAddress) => sources[address.from];

/** The same in a sentence, for whoever wonders. */
export const sourceHint: Record<InterfaceAddress["from"], string> = {
	dhcp: "A DHCP server on this network gave it.",
	router: "A router on this network announced it.",
	manual: "It was set by hand.",
	itself: "The interface gave it to itself, for this network alone.",
};

/** What the NAS says of its network, on a page where that is mended. */
export const here = (message: string) => message.replace(" in Settings › Network", "");

export const isV6 = (address: string) => address.includes(":");

/** An address by which the NAS is reached from elsewhere, not only from beside it. */
export const usable = ({ address, from, duplicate }: InterfaceAddress) =>
	from !== "itself" && !duplicate && !/^(fe80:|169\.254\.)/i.test(address);

/** The ones that others use first, then those of the network's own. */
export const ordered = (addresses: readonly InterfaceAddress[]) =>
	[...addresses].sort((one, other) => rank(one) - rank(other));

const rank = (one: InterfaceAddress) =>
	(usable(one) ? 0 : 4) + (isV6(one.address) ? 2 : 0) + (one.temporary ? 1 : 0);

/** 255.255.255.0 for 24; nothing for what is no length of an IPv4 network. */
export function mask(prefix: number): string {
	if (!Number.isInteger(prefix) || prefix < 1 || prefix > 32) return "";
	const bits = (0xffffffff << (32 - prefix)) >>> 0;
	return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

/** 24 for 255.255.255.0; nothing for what is no mask. */
export const prefixOf = (text: string): number | undefined =>
	Array.from({ length: 32 }, (_, place) => place + 1).find((prefix) => mask(prefix) === text);

/** The host of a URL, as an address or a name. */
export function hostOf(url: string): string {
	try {
		return new URL(url).hostname.replace(/^\[|\]$/g, "");
	} catch {
		return "";
	}
}

/** Whether a host of an address bar is an address, which may be another one after a change. */
export const isAddress = (host: string) => /^[\d.]+$/.test(host) || host.includes(":");
