import { isV6, prefixOf } from "./words";

// What is said here before anything is sent. The NAS decides; these only catch slips.

export const isV4Address = (text: string) =>
	/^((0|[1-9]\d{0,2})\.){3}(0|[1-9]\d{0,2})$/.test(text) &&
	text.split(".").every((part) => Number(part) <= 255);

export function isV6Address(text: string): boolean {
	if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return false;
	return URL.canParse(`http://[${text}]/`);
}

export type FamilyName = "ipv4" | "ipv6";

const ofFamily = { ipv4: isV4Address, ipv6: isV6Address };
const names = { ipv4: "IPv4", ipv6: "IPv6" };
const examples = { ipv4: "192.168.1.20", ipv6: "2001:db8::20" };
const longest = { ipv4: 32, ipv6: 128 };

/** Says why something cannot be an address of this family, or nothing. */
export function addressFault(family: FamilyName, text: string): string {
	if (text === "") return "Enter an address.";
	if (ofFamily[family](text)) return "";
	return `This is no ${names[family]} address. It looks like ${examples[family]}.`;
}

/** Says why something cannot be the gateway, or nothing: there may be none. */
export const gatewayFault = (family: FamilyName, text: string) =>
	text === "" || ofFamily[family](text)
		? ""
		: `This is no ${names[family]} address. The router’s looks like ${examples[family]}; without one, leave it empty.`;

/** The length of a network, also where it was typed as a mask; NaN for what is neither. */
export function prefixFrom(text: string): number {
	if (/^\d+$/.test(text)) return Number(text);
	return prefixOf(text) ?? Number.NaN;
}

export function prefixFault(family: FamilyName, text: string): string {
	const prefix = prefixFrom(text);
	if (prefix >= 1 && prefix <= longest[family]) return "";
	return `Use a number from 1 to ${longest[family]}${family === "ipv4" ? ", or a mask such as 255.255.255.0" : ""}.`;
}

/** Lines, blanks and commas part what stands in a list. */
export const entries = (text: string) => text.split(/[\s,;]+/).filter((one) => one !== "");

export function dnsFault(list: readonly string[]): string {
	if (list.length === 0) return "Enter the address of a DNS server.";
	const wrong = list.find((one) => !(isV6(one) ? isV6Address(one) : isV4Address(one)));
	if (wrong) return `“${wrong}” is no address. Servers are named by their addresses, one on each line.`;
	return list.length > mostServers ? `Use at most ${mostServers} servers.` : "";
}

export function searchFault(list: readonly string[]): string {
	const wrong = list.find(
		(one) => !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(one),
	);
	if (wrong) return `“${wrong}” is no domain, such as home.example.`;
	return list.length > mostDomains ? `Use at most ${mostDomains} domains.` : "";
}

export const mtuFault = (text: string) =>
	text === "" || /^\d+$/.test(text) ? "" : "Use a number of bytes, such as 1500, or leave it empty.";

const mostServers = 4;
const mostDomains = 6;
