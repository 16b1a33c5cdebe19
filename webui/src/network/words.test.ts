import { expect, test } from "vitest";
import type { Interface, InterfaceAddress } from "../api/types";
import { here, hostOf, isAddress, mask, ordered, prefixOf, speed, state, usable } from "./words";

const address = (text: string, more: Partial<InterfaceAddress> = {}): InterfaceAddress => ({
	address: text,
	prefix: 24,
	from: "dhcp",
	temporary: false,
	duplicate: false,
	...more,
});

const card = (more: Partial<Interface> = {}): Interface => ({
	name: "eth0",
	type: "ethernet",
	mac: "02:00:00:00:00:01",
	up: true,
	carrier: true,
	speed: 1000,
	mtu: 1500,
	addresses: [address("192.0.2.50")],
	gateways: ["192.0.2.1"],
	...more,
});

const read = (words: string) => words.replaceAll("\u00a0", " ");

test.each([
	[0, ""],
	[100, "100 Mbit/s"],
	[1000, "1 Gbit/s"],
	[2500, "2.5 Gbit/s"],
])("%d Mbit/s is said as “%s”", (mbit, words) => {
	expect(read(speed(mbit))).toBe(words);
});

test.each([
	[{}, "ok", "Connected, 1 Gbit/s"],
	[{ speed: 0 }, "ok", "Connected"],
	[{ carrier: false }, "off", "No cable"],
	[{ carrier: false, type: "wifi" as const }, "off", "Not connected"],
	[{ up: false, carrier: false }, "off", "Turned off"],
	[{ addresses: [address("fe80::1", { from: "itself" })] }, "warn", "Connected, without an address"],
])("an interface with %j is %s: %s", (more, level, words) => {
	const now = state(card(more));
	expect([now.level, read(now.words)]).toEqual([level, words]);
});

test("the addresses that others use come first", () => {
	const all = [
		address("fe80::1", { from: "itself" }),
		address("2001:db8::9", { temporary: true }),
		address("2001:db8::1"),
		address("192.0.2.50"),
	];
	expect(ordered(all).map((one) => one.address)).toEqual([
		"192.0.2.50",
		"2001:db8::1",
		"2001:db8::9",
		"fe80::1",
	]);
	expect(usable(address("192.0.2.50", { duplicate: true }))).toBe(false);
	expect(usable(address("169.254.3.4", { from: "manual" }))).toBe(false);
});

test.each([
	[24, "255.255.255.0"],
	[32, "255.255.255.255"],
	[1, "128.0.0.0"],
	[22, "255.255.252.0"],
])("a network of %d bits has the mask %s, and the other way round", (prefix, text) => {
	expect(mask(prefix)).toBe(text);
	expect(prefixOf(text)).toBe(prefix);
});

test.each([0, 33, 1.5, Number.NaN])("%d bits have no mask", (prefix) => {
	expect(mask(prefix)).toBe("");
});

test("255.0.255.0 is no mask", () => {
	expect(prefixOf("255.0.255.0")).toBeUndefined();
});

test("on its own page the network is not sent for elsewhere", () => {
	expect(here("Check the router, or set a gateway in Settings › Network.")).toBe(
		"Check the router, or set a gateway.",
	);
});

test("hosts of URLs are told from names", () => {
	expect(hostOf("https://[2001:db8::1]:8001")).toBe("2001:db8::1");
	expect(hostOf("none")).toBe("");
	expect(["192.0.2.1", "2001:db8::1", "nas.local", "10.example"].map(isAddress)).toEqual([
		true,
		true,
		false,
		false,
	]);
});
