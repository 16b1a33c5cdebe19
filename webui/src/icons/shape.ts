/** A line icon on a grid of 24: lines are stroked, dots are filled. */
export interface Shape {
	lines: string;
	dots?: string;
}

/** A circle around the middle of the grid. */
export const ring = "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0";

export const dot = (x: number, y: number, r = 1.15) =>
	`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
