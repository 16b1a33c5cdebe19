export const codeLength = 6;

/** The digits of what was typed or pasted, without spaces and dashes; a seventh digit is left out. */
export function digits(text: string): string {
	return text.replace(/[^0-9]/g, "").slice(0, codeLength);
}
