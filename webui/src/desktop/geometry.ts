export interface Size {
	width: number;
	height: number;
}

export interface Rect extends Size {
	x: number;
	y: number;
}

export type Zone = "top" | "left" | "right" | "top_left" | "top_right" | "bottom_left" | "bottom_right";

/** The sides a window is pulled at, as points of the compass. */
export type Edge = "n" | "s" | "e" | "w" | "ne" | "nw" | "se" | "sw";

export const smallest: Size = { width: 560, height: 400 };
export const header = 56;
/** As much of a window must stay in view that it can be taken hold of again. */
const grip = 120;
const cascadeStep = 32;
const near = 8;

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** Where a dragged window snaps to when it is let go here, if anywhere. */
export function snapZone(x: number, y: number, view: Rect): Zone | undefined {
	const side = x <= view.x + near ? "left" : x >= view.x + view.width - near ? "right" : undefined;
	const corner = Math.min(96, view.height / 5);
	if (side && y <= view.y + corner) return `top_${side}`;
	if (side && y >= view.y + view.height - corner) return `bottom_${side}`;
	if (side) return side;
	return y <= view.y + near ? "top" : undefined;
}

/** The place a zone stands for. */
export function zoneRect(zone: Zone, view: Rect): Rect {
	const width = Math.floor(view.width / 2);
	const height = Math.floor(view.height / 2);
	const { x, y } = view;
	const right = { x: x + width, width: view.width - width };
	const bottom = { y: y + height, height: view.height - height };
	const full = { ...view };
	const places: Record<Zone, Rect> = {
		top: full,
		left: { ...full, width },
		right: { ...full, ...right },
		top_left: { x, y, width, height },
		top_right: { y, height, ...right },
		bottom_left: { x, width, ...bottom },
		bottom_right: { ...right, ...bottom },
	};
	return places[zone];
}

/** Moves a window as little as needed so that its header can be reached. */
export function reachable(rect: Rect, view: Rect): Rect {
	return {
		...rect,
		x: clamp(rect.x, view.x + grip - rect.width, view.x + view.width - grip),
		y: clamp(rect.y, view.y, Math.max(view.y, view.y + view.height - header)),
	};
}

/** Fits a remembered or a new window into the view it opens in. */
export function fitted(rect: Rect, view: Rect): Rect {
	const width = Math.min(rect.width, view.width);
	const height = Math.min(rect.height, view.height);
	return reachable({ ...rect, width, height }, view);
}

/** A place for a new window: in the middle of what the icons leave free, each one a step further down. */
export function cascade(size: Size, open: number, view: Rect, icons: number): Rect {
	const width = Math.min(size.width, view.width);
	const height = Math.min(size.height, view.height);
	const roomX = Math.max(0, view.width - width);
	const roomY = Math.max(0, view.height - height);
	const startX = roomX < icons ? roomX : clamp((view.width + icons - width) / 2, icons, roomX);
	const startY = Math.min(20, roomY);
	const steps = Math.max(1, Math.floor(Math.min(roomX - startX, roomY - startY) / cascadeStep) + 1);
	const shift = (open % steps) * cascadeStep;
	return { x: Math.round(view.x + startX + shift), y: Math.round(view.y + startY + shift), width, height };
}

/** Pulls at an edge; the opposite edge stays, and the window stays large enough to be used. */
export function resized(rect: Rect, edge: Edge, dx: number, dy: number, view: Rect): Rect {
	let { x, y, width, height } = rect;
	if (edge.includes("e")) width = Math.max(smallest.width, width + dx);
	if (edge.includes("s")) height = Math.max(smallest.height, height + dy);
	if (edge.includes("w")) {
		const right = x + width;
		x = Math.min(x + dx, right - smallest.width);
		width = right - x;
	}
	if (edge.includes("n")) {
		const bottom = y + height;
		y = clamp(y + dy, view.y, bottom - smallest.height);
		height = bottom - y;
	}
	return { x, y, width, height };
}

/** Takes a window out of its snapped place so that the pointer keeps its relative hold of the header. */
export function torn(now: Rect, size: Size, pointer: { x: number; y: number }): Rect {
	const part = now.width > 0 ? (pointer.x - now.x) / now.width : 0.5;
	return { ...size, x: Math.round(pointer.x - part * size.width), y: now.y };
}
