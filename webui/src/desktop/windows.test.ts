import { beforeEach, describe, expect, test } from "vitest";
import type { WindowPlace } from "../api/types";
import { type App, appById, appsFor } from "./apps";
import { screen } from "./screen.svelte";
import { windows } from "./windows.svelte";

function app(id: string): App {
	const found = appById(id);
	if (!found) throw new Error(`no app is called ${id}`);
	return found;
}

beforeEach(() => {
	screen.width = 1440;
	screen.height = 900;
	windows.clear();
});

describe("windows", () => {
	test("there is one of each app, and opening it again brings it to the front", () => {
		const log = windows.open(app("log"));
		windows.open(app("help"));
		expect(windows.front?.app.id).toBe("help");
		expect(windows.open(app("log"), "clock")).toBe(log);
		expect(windows.list.length).toBe(2);
		expect(windows.front).toBe(log);
		expect(log.page).toBe("clock");
	});

	test("a minimised one is never in front", () => {
		const log = windows.open(app("log"));
		const help = windows.open(app("help"));
		windows.minimise(help);
		expect(windows.front).toBe(log);
		windows.raise(help);
		expect(help.minimised).toBe(false);
	});

	test("without room for free windows they fill the view", () => {
		const log = windows.open(app("log"));
		screen.width = 800;
		expect(log.place).toEqual(screen.view);
	});

	test("a snapped one comes back to its own size", () => {
		const log = windows.open(app("log"));
		const before = log.place;
		log.snap("right");
		expect(log.place.width).toBe(720);
		log.toggleMaximised();
		expect(log.place).toEqual(before);
	});
});

describe("what is remembered", () => {
	test("comes back as it was, with the same window in front", () => {
		windows.open(app("log"), "clock");
		windows.open(app("help"));
		windows.open(app("log"));
		const places = windows.describe();
		windows.clear();
		windows.restore(places, appsFor(true));
		expect(windows.list.map((win) => win.app.id)).toEqual(["help", "log"]);
		expect(windows.front?.page).toBe("clock");
		expect(windows.describe()).toEqual(places);
	});

	test("keeps the place of a closed window for the next time", () => {
		const log = windows.open(app("log"));
		log.free({ x: 200, y: 100, width: 900, height: 500 });
		windows.close(log);
		expect(windows.describe()[0]?.open).toBe(false);
		expect(windows.open(app("log")).place).toEqual({ x: 200, y: 100, width: 900, height: 500 });
	});

	test("leaves in front what was opened while the NAS was asked", () => {
		windows.open(app("help"));
		windows.open(app("log"));
		const places = windows.describe();
		windows.clear();
		const early = windows.open(app("help"));
		windows.restore(places, appsFor(true));
		expect(windows.list.map((win) => win.app.id).sort()).toEqual(["help", "log"]);
		expect(windows.front).toBe(early);
	});

	test("opens nothing that the person may no longer use", () => {
		windows.open(app("access"));
		const places = windows.describe();
		windows.clear();
		windows.restore(places, appsFor(false));
		expect(windows.list).toEqual([]);
	});

	test("is kept for each class of screen by itself", () => {
		const place: WindowPlace = {
			app: "log",
			page: "all",
			screen: "large",
			x: 1500,
			y: 60,
			width: 900,
			height: 500,
			state: "normal",
			open: true,
		};
		windows.restore([place], appsFor(true));
		expect(windows.list).toEqual([]);
		expect(windows.describe()).toEqual([place]);
	});
});
