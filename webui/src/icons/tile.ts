/** What stands on an app's tile, on a grid of 64: pieces in white, in a second tone, or cut out in the deep tone. */
export interface TileShape {
	top: string;
	bottom: string;
	pieces: { d: string; tone: "white" | "half" | "deep" }[];
}

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
