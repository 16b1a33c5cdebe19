import { describe, expect, test } from "vitest";
import { cascade, fitted, header, reachable, resized, smallest, snapZone, torn, zoneRect } from "./geometry";

const view = { x: 0, y: 48, width: 1440, height: 852 };
const rect = { x: 300, y: 100, width: 1000, height: 600 };

describe("a window that is let go", () => {
	test.each([
		[0, 400, "left"],
		[1439, 400, "right"],
		[0, 60, "top_left"],
		[1439, 60, "top_right"],
		[0, 890, "bottom_left"],
		[1439, 890, "bottom_right"],
		[700, 50, "top"],
		[700, 400, undefined],
		[20, 400, undefined],
	])("at %d, %d goes to %s", (x, y, zone) => {
		expect(snapZone(x, y, view)).toBe(zone);
	});
});

test("halves and quarters fill the view without gap or overlap", () => {
	const odd = { x: 0, y: 48, width: 1441, height: 851 };
	const left = zoneRect("left", odd);
	const right = zoneRect("right", odd);
	expect(left.x + left.width).toBe(right.x);
	expect(left.width + right.width).toBe(odd.width);
	const upper = zoneRect("top_right", odd);
	const lower = zoneRect("bottom_right", odd);
	expect(upper.y + upper.height).toBe(lower.y);
	expect(upper.height + lower.height).toBe(odd.height);
	expect(zoneRect("top", odd)).toEqual(odd);
});

describe("a window stays within reach", () => {
	test.each([
		[-2000, 100],
		[5000, 100],
		[300, -500],
		[300, 5000],
	])("when it stands at %d, %d", (x, y) => {
		const kept = reachable({ ...rect, x, y }, view);
		expect(kept.y).toBeGreaterThanOrEqual(view.y);
		expect(kept.y + header).toBeLessThanOrEqual(view.y + view.height);
		expect(kept.x + kept.width).toBeGreaterThanOrEqual(120);
		expect(kept.x).toBeLessThanOrEqual(view.width - 120);
	});

	test("and one that does is not moved", () => {
		expect(reachable(rect, view)).toEqual(rect);
	});

	test("and fits a smaller screen than it was left on", () => {
		const small = fitted(rect, { x: 0, y: 48, width: 800, height: 500 });
		expect(small.width).toBe(800);
		expect(small.height).toBe(500);
	});
});

describe("new windows", () => {
	const size = { width: 1000, height: 700 };

	test("leave the icons free while there is room", () => {
		expect(cascade(size, 0, view, 152).x).toBeGreaterThanOrEqual(152);
	});

	test("cascade by 32 pixels and begin anew before they leave the view", () => {
		const first = cascade(size, 0, view, 152);
		const second = cascade(size, 1, view, 152);
		expect(second.x - first.x).toBe(32);
		expect(second.y - first.y).toBe(32);
		for (let open = 0; open < 40; open++) {
			const place = cascade(size, open, view, 152);
			expect(place.x + place.width).toBeLessThanOrEqual(view.width);
			expect(place.y + place.height).toBeLessThanOrEqual(view.y + view.height);
		}
	});
});

describe("pulling at an edge", () => {
	test("moves that edge and leaves the opposite one", () => {
		const east = resized(rect, "e", 50, 99, view);
		expect(east).toEqual({ ...rect, width: 1050 });
		const west = resized(rect, "w", -50, 0, view);
		expect(west.x + west.width).toBe(rect.x + rect.width);
		expect(west.width).toBe(1050);
	});

	test("stops at the smallest size, whichever edge is pulled", () => {
		const corner = resized(rect, "nw", 5000, 5000, view);
		expect(corner.width).toBe(smallest.width);
		expect(corner.height).toBe(smallest.height);
		expect(corner.x + corner.width).toBe(rect.x + rect.width);
		expect(corner.y + corner.height).toBe(rect.y + rect.height);
	});

	test("never takes the header under the task bar", () => {
		expect(resized(rect, "n", 0, -5000, view).y).toBe(view.y);
	});
});

test("a window torn off keeps the pointer at the same part of its header", () => {
	const free = torn(
		{ x: 0, y: 48, width: 1440, height: 852 },
		{ width: 1000, height: 600 },
		{ x: 720, y: 60 },
	);
	expect(free).toEqual({ x: 220, y: 48, width: 1000, height: 600 });
});
