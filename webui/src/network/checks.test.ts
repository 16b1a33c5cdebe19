import { expect, test } from "vitest";
import { addressFault, gatewayFault } from "./checks";

test.each(["192.0.2.300", "192.0.2.020", "192.0.2", "nas"])("%s is no IPv4 address", (text) => {
	expect(addressFault("ipv4", text)).toBe("This is no IPv4 address. It looks like 192.168.1.20.");
	expect(gatewayFault("ipv4", text)).not.toBe("");
});

test.each(["192.0.2.20", "10.0.0.1"])("%s is one", (text) => {
	expect(addressFault("ipv4", text)).toBe("");
});

test("an IPv6 address is told from others", () => {
	expect(addressFault("ipv6", "2001:db8::20")).toBe("");
	expect(addressFault("ipv6", "192.0.2.20")).toBe("This is no IPv6 address. It looks like 2001:db8::20.");
});
