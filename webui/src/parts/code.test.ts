import { render, screen } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";
import CodeField from "./CodeField.svelte";
import { digits } from "./code";

describe("digits", () => {
	test.each([
		["123456", "123456"],
		["123 456", "123456"],
		["123-456", "123456"],
		[" 1 2 3 4 5 6 ", "123456"],
		["Your code is 482 193.", "482193"],
		["1234567", "123456"],
		["abc", ""],
		["１２３", ""],
	])("of %j are %j", (text, code) => {
		expect(digits(text)).toBe(code);
	});
});

function field(onfull = vi.fn()) {
	render(CodeField, { label: "Code", value: "", onfull });
	return { input: screen.getByLabelText("Code") as HTMLInputElement, onfull };
}

function type(input: HTMLInputElement, text: string) {
	input.value = text;
	input.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

describe("the code field", () => {
	test("sends itself after the sixth digit, once", () => {
		const { input, onfull } = field();
		type(input, "12345");
		expect(onfull).not.toHaveBeenCalled();
		type(input, "123456");
		type(input, "1234567");
		expect(onfull).toHaveBeenCalledTimes(1);
		expect(input.value).toBe("123456");
	});

	test("takes a code pasted with spaces and dashes", () => {
		const { input, onfull } = field();
		type(input, "482 - 193");
		expect(input.value).toBe("482193");
		expect(onfull).toHaveBeenCalledTimes(1);
	});

	test("is one field that phones and password managers know", () => {
		const { input } = field();
		expect(input.inputMode).toBe("numeric");
		expect(input.autocomplete).toBe("one-time-code");
	});
});
