import { dot, ring, type Shape } from "./shape";

// What the pages before sign-in show; it comes with the first bytes, so it stays short.

export const people: Shape = {
	lines:
		"M13 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M2 20.5a7 7 0 0 1 14 0M15.7 4.3a4 4 0 0 1 0 7.4M18.6 14.8a7 7 0 0 1 3.4 5.7",
};
export const time: Shape = { lines: `${ring}M12 7v5l3.2 2` };
export const press: Shape = {
	lines:
		"M10 14.5V7.2a1.8 1.8 0 0 1 3.6 0v4.3l3.7.8a2.2 2.2 0 0 1 1.7 2.5l-.5 3.2a4 4 0 0 1-4 3.4h-1.9a4 4 0 0 1-3.2-1.6l-3.3-4.5a1.5 1.5 0 0 1 2.3-1.9zM7.2 9.9a5 5 0 1 1 9.2-.4",
};
export const checkRound: Shape = { lines: `${ring}M8.2 12.3l2.7 2.7 5-5.4` };
export const crossRound: Shape = { lines: `${ring}M9 9l6 6M15 9l-6 6` };
export const warning: Shape = {
	lines: "M10.3 4.3 2.6 17.5a2 2 0 0 0 1.7 3h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0zM12 9.2v4.3",
	dots: dot(12, 16.8),
};
export const info: Shape = { lines: `${ring}M12 11.2v5`, dots: dot(12, 7.9) };
export const eye: Shape = {
	lines:
		"M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0",
};
export const eyeOff: Shape = {
	lines:
		"M4 4l16 16M9.9 5.7a9.6 9.6 0 0 1 2.1-.2c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.9 3.6M6.2 7.1A15.7 15.7 0 0 0 2.5 12S6 18.5 12 18.5a9.3 9.3 0 0 0 4.6-1.2M9.9 9.9a3 3 0 0 0 4.2 4.2",
};
export const sun: Shape = {
	lines:
		"M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0M12 2.8v2M12 19.2v2M2.8 12h2M19.2 12h2M5.5 5.5l1.4 1.4M17.1 17.1l1.4 1.4M5.5 18.5l1.4-1.4M17.1 6.9l1.4-1.4",
};
export const moon: Shape = { lines: "M20 14.4A8.5 8.5 0 1 1 9.6 4 7 7 0 0 0 20 14.4z" };
export const halfRound: Shape = { lines: ring, dots: "M12 3a9 9 0 0 1 0 18z" };
export const keyboard: Shape = {
	lines:
		"M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6zM8.5 14.5h7",
	dots: [6, 9, 12, 15, 18].map((x) => dot(x, 10)).join(""),
};
export const phone: Shape = {
	lines: "M8.5 2.8h7a2 2 0 0 1 2 2v14.4a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2V4.8a2 2 0 0 1 2-2zM11 18.2h2",
};
export const mail: Shape = {
	lines:
		"M5 5.5h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2zM3.5 7.5l7.2 5.6a2 2 0 0 0 2.6 0l7.2-5.6",
};
export const lifebuoy: Shape = {
	lines: `${ring}M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0M5.7 5.7l3.5 3.5M14.8 14.8l3.5 3.5M5.7 18.3l3.5-3.5M14.8 9.2l3.5-3.5`,
};
export const right: Shape = { lines: "M9.5 6l6 6-6 6" };
