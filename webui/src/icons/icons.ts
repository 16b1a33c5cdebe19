import { dot, ring, type Shape } from "./shape";

export const person: Shape = { lines: "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4.5 20.5a7.5 7.5 0 0 1 15 0" };
export const shieldCheck: Shape = {
	lines: "M12 3l7.5 2.8v5.4c0 4.6-3.1 8-7.5 9.8-4.4-1.8-7.5-5.2-7.5-9.8V5.8zM8.7 12.1l2.4 2.4 4.4-4.6",
};
export const lock: Shape = {
	lines:
		"M6.5 10.5h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2zM8 10.5v-3a4 4 0 0 1 8 0v3",
};
export const lockOpen: Shape = {
	lines:
		"M6.5 10.5h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2zM8 10.5v-4a4 4 0 0 1 7.6-1.7",
};
export const globe: Shape = {
	lines: `${ring}M3 12h18M12 3c2.5 2.6 3.8 5.6 3.8 9s-1.3 6.4-3.8 9c-2.5-2.6-3.8-5.6-3.8-9S9.5 5.6 12 3`,
};
export const network: Shape = {
	lines:
		"M10 3.5h4a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM4 15.5h4a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM16 15.5h4a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM12 8.5V12M6 15.5V13a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v2.5",
};
export const server: Shape = {
	lines:
		"M4.5 4h15A1.5 1.5 0 0 1 21 5.5v4a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 9.5v-4A1.5 1.5 0 0 1 4.5 4zM4.5 13h15a1.5 1.5 0 0 1 1.5 1.5v4a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5v-4A1.5 1.5 0 0 1 4.5 13zM11 7.5h6M11 16.5h6",
	dots: dot(7, 7.5) + dot(7, 16.5),
};
export const laptop: Shape = {
	lines: "M5.5 4.5h13A1.5 1.5 0 0 1 20 6v9.5H4V6a1.5 1.5 0 0 1 1.5-1.5zM2 19h20",
};
export const display: Shape = {
	lines:
		"M4.5 4h15A1.5 1.5 0 0 1 21 5.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 14.5v-9A1.5 1.5 0 0 1 4.5 4zM12 16v4M8 20h8",
};
export const search: Shape = { lines: "M17.5 10.5a7 7 0 1 1-14 0 7 7 0 0 1 14 0M15.6 15.6l4.9 4.9" };
export const sliders: Shape = {
	lines:
		"M3 7h9M17 7h4M3 17h4M12 17h9M17 7a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M12 17a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0",
};
export const refresh: Shape = {
	lines: "M20 11a8 8 0 0 0-14.3-4L3.5 9.2M3.5 4.2v5h5M4 13a8 8 0 0 0 14.3 4l2.2-2.2M20.5 19.8v-5h-5",
};
export const check: Shape = { lines: "M5 12.5l4.5 4.5L19 7.5" };
export const cross: Shape = { lines: "M6 6l12 12M18 6L6 18" };
export const question: Shape = {
	lines: `${ring}M9.4 9.3a2.7 2.7 0 1 1 3.9 2.5c-.9.5-1.3 1-1.3 1.9`,
	dots: dot(12, 16.8),
};
export const minimise: Shape = { lines: "M5 12h14" };
export const maximise: Shape = {
	lines: "M7 5h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
};
export const restore: Shape = {
	lines:
		"M6.5 8.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM8.5 5.2A2 2 0 0 1 10 4.5h7.5a2 2 0 0 1 2 2V14a2 2 0 0 1-.7 1.5",
};
export const down: Shape = { lines: "M6 9.5l6 6 6-6" };
export const back: Shape = { lines: "M20 12H4.5M10.5 6l-6 6 6 6" };
export const sortUp: Shape = { lines: "M12 19V5.5M6.5 11 12 5.5l5.5 5.5" };
export const sortDown: Shape = { lines: "M12 5v13.5M6.5 13l5.5 5.5 5.5-5.5" };
export const plus: Shape = { lines: "M12 5v14M5 12h14" };
export const copy: Shape = {
	lines:
		"M10.5 8.5h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM5.5 15.5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2",
};
export const exit: Shape = {
	lines: "M9.5 20H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h3.5M15.5 16.5 20 12l-4.5-4.5M20 12H9.5",
};
export const external: Shape = {
	lines:
		"M14 4h6v6M20 4l-9 9M18 14v4.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 4 18.5v-11A1.5 1.5 0 0 1 5.5 6H10",
};
export const qr: Shape = {
	lines: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5M20 14v2M14 20h2.5M20 19.5v.5",
};
export const tag: Shape = {
	lines:
		"M3.5 11.6V5A1.5 1.5 0 0 1 5 3.5h6.6a2 2 0 0 1 1.4.6l7 7a2 2 0 0 1 0 2.8L13.9 20a2 2 0 0 1-2.8 0l-7-7a2 2 0 0 1-.6-1.4z",
	dots: dot(8, 8, 1.3),
};
export const printer: Shape = {
	lines:
		"M7 8.5v-5h10v5M7 17H5a2 2 0 0 1-2-2v-4.5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2V15a2 2 0 0 1-2 2h-2M7 14h10v6.5H7z",
};
export const more: Shape = { lines: "", dots: dot(5.5, 12) + dot(12, 12) + dot(18.5, 12) };
export const list: Shape = {
	lines: "M9 6h11M9 12h11M9 18h11",
	dots: dot(4.5, 6) + dot(4.5, 12) + dot(4.5, 18),
};
export const key: Shape = {
	lines: "M12.5 15.5a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0M11.2 12.3 20 3.5M16.3 7.2l3 3M13.7 9.8l1.8 1.8",
};
export const database: Shape = {
	lines:
		"M20 6c0 1.7-3.6 3-8 3S4 7.7 4 6s3.6-3 8-3 8 1.3 8 3M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
};
export const chip: Shape = {
	lines:
		"M7.5 6h9A1.5 1.5 0 0 1 18 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 6 16.5v-9A1.5 1.5 0 0 1 7.5 6zM10 10h4v4h-4zM9.5 3v3M14.5 3v3M9.5 18v3M14.5 18v3M3 9.5h3M3 14.5h3M18 9.5h3M18 14.5h3",
};
export const move: Shape = {
	lines: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
};
export const resize: Shape = { lines: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7" };
export const halfLeft: Shape = {
	lines: "M6 5h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM12 5v14",
	dots: "M6.5 7H10v10H6.5z",
};
export const halfRight: Shape = { lines: halfLeft.lines, dots: "M14 7h3.5v10H14z" };
export const pencil: Shape = {
	lines: "M4 20l1-4.6L16 4.4a2 2 0 0 1 2.8 0l.8.8a2 2 0 0 1 0 2.8L8.6 19zM13.8 6.6l3.6 3.6",
};
export const trash: Shape = {
	lines:
		"M4.5 6.5h15M9.5 6.5V5A1.5 1.5 0 0 1 11 3.5h2A1.5 1.5 0 0 1 14.5 5v1.5M6.5 6.5l.8 12a2 2 0 0 0 2 1.9h5.4a2 2 0 0 0 2-1.9l.8-12M10 10.5v6M14 10.5v6",
};
export const download: Shape = { lines: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15" };
export const bell: Shape = {
	lines: "M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10M10 19.8a2.2 2.2 0 0 0 4 0",
};
export const policy: Shape = {
	lines:
		"M7 3.5h10a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2zM8.5 9l1.2 1.2L12 8M8.5 15l1.2 1.2L12 14M14.5 9.5h1.5M14.5 15.5h1.5",
};
export const group: Shape = {
	lines:
		"M15 7.5a3 3 0 1 1-6 0 3 3 0 0 1 6 0M7 19.5a5 5 0 0 1 10 0M5.4 6.2a2.4 2.4 0 0 0 0 4.4M2.5 17.5a4.2 4.2 0 0 1 2-3.6M18.6 6.2a2.4 2.4 0 0 1 0 4.4M21.5 17.5a4.2 4.2 0 0 0-2-3.6",
};
export const terminal: Shape = {
	lines:
		"M6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5v-11A2.5 2.5 0 0 1 6.5 4M8 9l3 3-3 3M13 15h3",
};
export const link: Shape = {
	lines:
		"M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1-1",
};
export const braces: Shape = {
	lines:
		"M9 4H8a2.5 2.5 0 0 0-2.5 2.5v3A2.5 2.5 0 0 1 3 12a2.5 2.5 0 0 1 2.5 2.5v3A2.5 2.5 0 0 0 8 20h1M15 4h1a2.5 2.5 0 0 1 2.5 2.5v3A2.5 2.5 0 0 0 21 12a2.5 2.5 0 0 0-2.5 2.5v3A2.5 2.5 0 0 1 16 20h-1",
};
