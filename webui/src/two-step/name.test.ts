import { expect, test } from "vitest";
import { firstName, freeName } from "./name";

test("a device is called after whoever sets it up, where that fits", () => {
	expect(firstName("Marta Lind")).toBe("Marta’s phone");
	expect(firstName("")).toBe("My phone");
	expect(firstName("a".repeat(60))).toBe("My phone");
});

test("a name that another device has gets the next number", () => {
	expect(freeName("Marta’s phone", [])).toBe("Marta’s phone");
	expect(freeName("Marta’s phone", ["Tablet", "marta’s PHONE"])).toBe("Marta’s phone 2");
	expect(freeName("Marta’s phone", ["Marta’s phone", "Marta’s phone 2"])).toBe("Marta’s phone 3");
});
