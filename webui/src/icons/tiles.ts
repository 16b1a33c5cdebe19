/** What stands on an app's tile, on a grid of 64: pieces in white, in a second tone, or cut out in the deep tone. */
export interface TileShape {
	top: string;
	bottom: string;
	pieces: { d: string; tone: "white" | "half" | "deep" }[];
}

const round = (x: number, y: number, r: number) =>
	`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

export const accessControl: TileShape = {
	top: "#59B2CF",
	bottom: "#007895",
	pieces: [
		{
			d: `${round(42, 26.5, 6.6)}M41 35.8c8.6-.4 14.4 5 14.4 12.4 0 1-.7 1.8-1.8 1.8H44.8c0-6.2-1.8-10.8-5.6-14z`,
			tone: "half",
		},
		{
			d: `${round(26, 24, 8)}M26 35.2c9.2 0 15.6 5.4 15.6 13 0 1-.7 1.8-1.8 1.8H12.2c-1.1 0-1.8-.8-1.8-1.8 0-7.6 6.4-13 15.6-13z`,
			tone: "white",
		},
	],
};
export const settings: TileShape = {
	top: "#97A7B3",
	bottom: "#5F6E7A",
	pieces: [
		{
			d: "M27.2 18.8Q28.7 18.2 28.8 16.6L29 14.3Q29.1 12.7 30.7 12.7L33.3 12.7Q34.9 12.7 35 14.3L35.2 16.6Q35.3 18.2 36.8 18.8L37.9 19.3Q39.4 19.9 40.6 18.9L42.4 17.4Q43.6 16.3 44.7 17.4L46.6 19.3Q47.7 20.4 46.6 21.6L45.1 23.4Q44.1 24.6 44.7 26.1L45.2 27.2Q45.8 28.7 47.4 28.8L49.7 29Q51.3 29.1 51.3 30.7L51.3 33.3Q51.3 34.9 49.7 35L47.4 35.2Q45.8 35.3 45.2 36.8L44.7 37.9Q44.1 39.4 45.1 40.6L46.6 42.4Q47.7 43.6 46.6 44.7L44.7 46.6Q43.6 47.7 42.4 46.6L40.6 45.1Q39.4 44.1 37.9 44.7L36.8 45.2Q35.3 45.8 35.2 47.4L35 49.7Q34.9 51.3 33.3 51.3L30.7 51.3Q29.1 51.3 29 49.7L28.8 47.4Q28.7 45.8 27.2 45.2L26.1 44.7Q24.6 44.1 23.4 45.1L21.6 46.6Q20.4 47.7 19.3 46.6L17.4 44.7Q16.3 43.6 17.4 42.4L18.9 40.6Q19.9 39.4 19.3 37.9L18.8 36.8Q18.2 35.3 16.6 35.2L14.3 35Q12.7 34.9 12.7 33.3L12.7 30.7Q12.7 29.1 14.3 29L16.6 28.8Q18.2 28.7 18.8 27.2L19.3 26.1Q19.9 24.6 18.9 23.4L17.4 21.6Q16.3 20.4 17.4 19.3L19.3 17.4Q20.4 16.3 21.6 17.4L23.4 18.9Q24.6 19.9 26.1 19.3z",
			tone: "white",
		},
		{ d: round(32, 32, 8.4), tone: "deep" },
		{ d: round(32, 32, 4), tone: "half" },
	],
};
export const security: TileShape = {
	top: "#6AB792",
	bottom: "#267D5A",
	pieces: [
		{ d: "M32 11.5l16.5 6v12.6c0 10-6.6 17.6-16.5 22.2z", tone: "half" },
		{ d: "M32 11.5l-16.5 6v12.6c0 10 6.6 17.6 16.5 22.2z", tone: "white" },
		{ d: "M24.2 29.3l5.6 5.7 10-11 3.4 3.1-13.2 14.6-9.1-9.2z", tone: "deep" },
	],
};
export const log: TileShape = {
	top: "#D29759",
	bottom: "#975C10",
	pieces: [
		{ d: "M20.5 12.5h23a4 4 0 0 1 4 4v31a4 4 0 0 1-4 4h-23a4 4 0 0 1-4-4v-31a4 4 0 0 1 4-4z", tone: "white" },
		{
			d: `${round(23.4, 23, 2)}${round(23.4, 32, 2)}${round(23.4, 41, 2)}M29.5 21.3h12v3.4h-12zM29.5 30.3h12v3.4h-12zM29.5 39.3h8v3.4h-8z`,
			tone: "deep",
		},
	],
};
export const personal: TileShape = {
	top: "#5EB5B9",
	bottom: "#087B80",
	pieces: [
		{
			d: `${round(32, 23.5, 9.5)}M32 36c11 0 18.5 6 18.5 14.4 0 1.2-.8 2-2 2h-33c-1.2 0-2-.8-2-2C13.5 42 21 36 32 36z`,
			tone: "white",
		},
	],
};
export const about: TileShape = {
	top: "#72A9E5",
	bottom: "#366EAA",
	pieces: [
		{ d: round(32, 32, 20), tone: "white" },
		{ d: `${round(32, 22.5, 3)}M29.3 28.8h5.4v14.4h-5.4z`, tone: "deep" },
	],
};
export const help: TileShape = {
	top: "#C78FC1",
	bottom: "#8C5587",
	pieces: [
		{ d: round(32, 32, 20), tone: "white" },
		{
			d: `M24.4 27.2c.2-4.8 3.5-8 7.9-8 4.5 0 7.8 2.9 7.8 7 0 3.3-1.7 5-4 6.5-1.5 1-1.9 1.7-1.9 3.1v.6h-4.7v-1.3c0-2.9 1.1-4.5 3.5-6 1.6-1 2.2-1.7 2.2-2.9 0-1.6-1.2-2.7-3-2.7-1.9 0-3.1 1.3-3.2 3.7z${round(31.9, 42.4, 2.9)}`,
			tone: "deep",
		},
	],
};
/** The keep on the sign-in page, in the hue of the accent. */
export const castellan: TileShape = {
	top: "#59B2CF",
	bottom: "#007895",
	pieces: [
		{
			d: "M17.5 12.5h7v5h4v-5h7v5h4v-5h7v12.3l-4.2 3.6v13.4h3.1v4.6h4.1v6.6h-35v-6.6h4.1v-4.6h3.1V28.4l-4.2-3.6z",
			tone: "white",
		},
		{ d: "M32 28.2a4 4 0 0 1 2 7.4l1.2 6.2h-6.4l1.2-6.2a4 4 0 0 1 2-7.4z", tone: "deep" },
	],
};
