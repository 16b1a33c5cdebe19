import { describe, expect, test } from "vitest";
import { Problem } from "../api/problem";
import type { Interface, InterfaceSettings } from "../api/types";
import {
	addressFault,
	dnsFault,
	entries,
	gatewayFault,
	mtuFault,
	prefixFault,
	prefixFrom,
	searchFault,
} from "./checks";
import { InterfaceForm } from "./form.svelte";

const eth0: Interface = {
	name: "eth0",
	type: "ethernet",
	mac: "02:00:00:00:00:01",
	up: true,
	carrier: true,
	speed: 1000,
	mtu: 1500,
	addresses: [
		{ address: "fe80::1", prefix: 64, from: "itself", temporary: false, duplicate: false },
		{ address: "2001:db8:1::9", prefix: 64, from: "router", temporary: true, duplicate: false },
		{ address: "2001:db8:1::5", prefix: 64, from: "router", temporary: false, duplicate: false },
		{ address: "192.0.2.50", prefix: 25, from: "dhcp", temporary: false, duplicate: false },
	],
	gateways: ["192.0.2.1", "fe80::ff"],
};

const automatic: InterfaceSettings = {
	interface: "eth0",
	ipv4: { method: "automatic" },
	ipv6: { method: "automatic" },
	dns: [],
	search: [],
	mtu: 0,
};

const form = (settings: Partial<InterfaceSettings> = {}, dns = ["192.0.2.1"]) =>
	new InterfaceForm(eth0, { ...automatic, ...settings }, { dns });

describe("fields that are set by hand", () => {
	test("begin with what the interface has now", () => {
		const { ipv4, ipv6 } = form();
		expect([ipv4.address, ipv4.prefix, ipv4.gateway]).toEqual(["192.0.2.50", "25", "192.0.2.1"]);
		expect([ipv6.address, ipv6.prefix, ipv6.gateway]).toEqual(["2001:db8:1::5", "64", "fe80::ff"]);
	});

	test("show what was set, also where it has no gateway", () => {
		const { ipv4 } = form({ ipv4: { method: "manual", address: "192.0.2.9", prefix: 24, gateway: "" } });
		expect([ipv4.address, ipv4.prefix, ipv4.gateway]).toEqual(["192.0.2.9", "24", ""]);
	});

	test("are sent only where they count", () => {
		const one = form();
		expect(one.dirty).toBe(false);
		expect(one.values()).toEqual(automatic);
		one.choose(one.ipv4, "manual");
		one.ipv4.prefix = "255.255.255.0";
		expect(one.dirty).toBe(true);
		expect(one.check()).toBe(true);
		expect(one.values().ipv4).toEqual({
			method: "manual",
			address: "192.0.2.50",
			prefix: 24,
			gateway: "192.0.2.1",
		});
	});

	test("take an address apart that was pasted with its network", () => {
		const one = form();
		one.choose(one.ipv4, "manual");
		one.ipv4.address = " 192.0.2.20/26 ";
		expect(one.check()).toBe(true);
		expect(one.values().ipv4).toMatchObject({ address: "192.0.2.20", prefix: 26 });
	});
});

test("with an IPv4 address by hand the DNS servers of now are kept, for nobody offers them any more", () => {
	const one = form({}, ["127.0.0.53", "192.0.2.1"]);
	one.choose(one.ipv4, "manual");
	expect(one.values().dns).toEqual(["192.0.2.1"]);
	const none = form({}, ["127.0.0.53"]);
	none.choose(none.ipv4, "manual");
	expect(none.ownDns).toBe(false);
});

test("the sentences of the NAS stand under their fields", () => {
	const one = form();
	const refusal = (...fields: [string, string][]) =>
		new Problem({
			status: 422,
			code: "invalid",
			detail: "Some fields are wrong.",
			fields: fields.map(([name, detail]) => ({ name, code: "x", detail })),
		});
	one.refuse(refusal(["ipv4.address", "Taken."], ["dns.1", "No server."], ["mtu", "Too small."]));
	expect(one.ipv4.faults.address).toBe("Taken.");
	expect(one.faults).toEqual({ dns: "No server.", search: "", mtu: "Too small." });
	expect(one.refusal).toBe("");
	one.refuse(refusal(["interface", "No such."]));
	expect(one.refusal).toBe("Some fields are wrong.");
	expect(one.ipv4.faults.address).toBe("");
});

describe("slips are said before anything is sent", () => {
	test.each(["192.0.2.1", "10.0.0.254"])("%s is an IPv4 address", (text) => {
		expect(addressFault("ipv4", text)).toBe("");
	});
	test.each(["", "192.0.2", "192.0.2.256", "192.0.2.1;id", "192.0.2.1\n", "::1", "nas"])(
		"%j is none",
		(text) => {
			expect(addressFault("ipv4", text)).not.toBe("");
		},
	);
	test.each(["2001:db8::20", "fe80::1", "::ffff:192.0.2.1"])("%s is an IPv6 address", (text) => {
		expect(addressFault("ipv6", text)).toBe("");
	});
	test.each(["192.0.2.1", "2001:db8::20%eth0", "2001:db8:::1", "[::1]", "12345::"])("%j is none", (text) => {
		expect(addressFault("ipv6", text)).not.toBe("");
	});
	test("a gateway may be left out", () => {
		expect(gatewayFault("ipv4", "")).toBe("");
		expect(gatewayFault("ipv4", "router")).not.toBe("");
	});
	test("a length is a number or a mask", () => {
		expect(prefixFrom("255.255.0.0")).toBe(16);
		expect(prefixFault("ipv4", "33")).not.toBe("");
		expect(prefixFault("ipv6", "64")).toBe("");
		expect(prefixFault("ipv4", "255.0.255.0")).not.toBe("");
	});
	test("lists are parted by lines, blanks and commas, and know their bounds", () => {
		expect(entries(" 192.0.2.1,192.0.2.2\n2001:db8::1 ")).toHaveLength(3);
		expect(dnsFault([])).not.toBe("");
		expect(dnsFault(["192.0.2.1", "dns.example"])).toContain("dns.example");
		expect(dnsFault(Array.from({ length: 5 }, () => "192.0.2.1"))).toContain("at most 4");
		expect(searchFault(["home.example", "lan"])).toBe("");
		expect(searchFault(["-a"])).toContain("-a");
		expect(mtuFault("")).toBe("");
		expect(mtuFault("15oo")).not.toBe("");
	});
});
