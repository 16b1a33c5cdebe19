/** A text of the contract: paragraphs, lists, and what is to be written just so. */
export type Block = { list: boolean; lines: Piece[][] };
export interface Piece {
	text: string;
	code: boolean;
}

const pieces = (line: string): Piece[] =>
	line
		.split("`")
		.map((text, place) => ({ text, code: place % 2 === 1 }))
		.filter(({ text }) => text);

/** Reads the little of Markdown that the contract uses. */
export function prose(text: string): Block[] {
	return text
		.trim()
		.split(/\n\s*\n/)
		.filter(Boolean)
		.map((block) => {
			const list = /^\s*- /.test(block);
			const lines = list ? block.split(/^\s*- /m).filter((one) => one.trim()) : [block];
			return { list, lines: lines.map((line) => pieces(line.trim().replace(/\s+/g, " "))) };
		});
}
