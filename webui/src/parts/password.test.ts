import { expect, test } from "vitest";
import { length, passwordFault, strength } from "./password";

test("characters are counted as people count them", () => {
	expect(length("🏰🏰🏰")).toBe(3);
	expect(length("e\u0301")).toBe(1);
});

test("the rule is the length that the NAS asks for, and nothing else", () => {
	expect(passwordFault("fourteen chars", 15)).not.toBe("");
	expect(passwordFault("fifteen chars !", 15)).toBe("");
	expect(passwordFault("eight ch", 8)).toBe("");
	expect(passwordFault("", 15)).toBe("Choose a password.");
});

test("the meter says how many characters are missing", () => {
	expect(strength("four words", 15).words).toBe("5 more characters");
	expect(strength("fourteen chars", 15).words).toBe("1 more character");
	expect(strength("", 15).words).toBe("");
});

test("the meter prefers longer to more complicated", () => {
	const long = strength("kestrel lagoon amber winter", 15);
	const complicated = strength("x7$Kq!9zP#2mL&w", 15);
	expect(long.parts).toBeGreaterThan(complicated.parts);
	expect(long.level).toBe("ok");
});

test("letters, numbers and special characters make a password of one length stronger", () => {
	expect(strength("harbourlantern7!Qx", 15).parts).toBeGreaterThan(strength("harbourlanternabqx", 15).parts);
});

test.each(["aaaaaaaaaaaaaaaaaaaaaaaa", "passwordpassword", "castellancastellan", "1234567890123456"])(
	"“%s” is long and still easy to guess",
	(password) => {
		expect(strength(password, 15)).toMatchObject({ level: "warn", words: "Easy to guess" });
	},
);

test.each([
	"qwertyuiopasdfghjkl",
	"1qaz2wsx3edc4rfv",
	"iloveyouiloveyou",
	"abcdefghijklmnop",
	"password12345678",
])("what fingers find by themselves is not called good: “%s”", (password) => {
	expect(strength(password, 15).level).toBe("warn");
});

test("a short password beside a second factor is not called strong", () => {
	expect(strength("sunshine", 8).level).toBe("warn");
	expect(strength("x7$Kq!9z", 8).parts).toBeLessThan(3);
});
