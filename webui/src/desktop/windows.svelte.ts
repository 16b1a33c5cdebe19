import type { WindowPlace } from "../api/types";
import { type App, type Page, pageOf } from "./apps";
import { cascade, fitted, type Rect, reachable, type Zone, zoneRect } from "./geometry";
import { screen } from "./screen.svelte";

/** The column of icons that new windows leave free. */
const icons = 152;

/** One open window. */
export class Win {
	readonly app: App;
	page = $state("");
	/** Its place when it is neither snapped, maximised nor minimised. */
	rect = $state.raw<Rect>({ x: 0, y: 0, width: 0, height: 0 });
	maximised = $state(false);
	minimised = $state(false);
	zone = $state<Zone>();
	/** Higher is further to the front. */
	order = $state(0);
	/** What had the focus when it was opened, for when it is closed. */
	opener: HTMLElement | undefined;
	/** What waits for the person to say that changes may be discarded. */
	leaving = $state.raw<() => void>();
	readonly #forms = new Map<() => boolean, string | undefined>();

	constructor(app: App, page: string) {
		this.app = app;
		this.page = page;
	}

	get current(): Page {
		return pageOf(this.app, this.page);
	}

	/** Fills the view: by choice, or because there is no room for less. */
	get full(): boolean {
		return this.maximised || !screen.free;
	}

	/** Where it stands now. */
	get place(): Rect {
		if (this.full) return screen.view;
		if (this.zone) return zoneRect(this.zone, screen.view);
		return reachable(this.rect, screen.view);
	}

	/** Goes to a zone; the top is the whole view. */
	snap(zone: Zone) {
		this.maximised = zone === "top";
		this.zone = zone === "top" ? undefined : zone;
	}

	/** Takes its own place again. */
	free(rect: Rect = this.rect) {
		this.maximised = false;
		this.zone = undefined;
		this.rect = rect;
	}

	toggleMaximised() {
		if (this.maximised || this.zone) this.free();
		else this.snap("top");
	}

	/** Takes note of a form; changed tells whether something in it is not saved, and loss says what goes, in a sentence. */
	watch(changed: () => boolean, loss?: string): () => void {
		this.#forms.set(changed, loss);
		return () => this.#forms.delete(changed);
	}

	/** Something was entered in it and not saved. */
	get changed(): boolean {
		return [...this.#forms.keys()].some((changed) => changed());
	}

	/** What goes when it is left now, where that is not what somebody entered. */
	get loss(): string | undefined {
		return [...this.#forms].find(([changed, loss]) => loss && changed())?.[1];
	}

	/** Does what throws changes away: at once, or after asking when there are some. */
	leave(then: () => void) {
		if (this.changed) this.leaving = then;
		else then();
	}

	turnTo(page: string) {
		if (page !== this.page) this.leave(() => (this.page = page));
	}
}

/** All open windows, and what is remembered of closed ones. */
class Windows {
	list = $state<Win[]>([]);
	/** What waits for the person to say that changes in all windows may be discarded. */
	leaving = $state.raw<() => void>();
	#places = new Map<string, WindowPlace>();
	#top = 0;

	/** The window that keys go to. */
	readonly front = $derived(
		this.list
			.filter((win) => !win.minimised)
			.reduce<Win | undefined>((best, win) => (best && best.order > win.order ? best : win), undefined),
	);
	/** From front to back, the minimised ones last. */
	readonly stacked = $derived(
		[...this.list].sort((a, b) => Number(a.minimised) - Number(b.minimised) || b.order - a.order),
	);

	open(app: App, page?: string): Win {
		const found = this.list.find((win) => win.app === app);
		if (found) {
			if (page) found.turnTo(page);
			this.raise(found);
			return found;
		}
		const win = new Win(app, page ?? "");
		this.#put(win, page);
		win.opener = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
		this.list.push(win);
		this.raise(win);
		return win;
	}

	/** Gives a new window the place it had on a screen like this, or the next free one. */
	#put(win: Win, page?: string) {
		const place = this.#places.get(key(win.app.id, screen.size));
		if (!place) {
			win.page = page ?? win.app.pages[0].id;
			win.rect = cascade(win.app.size, this.list.length, screen.view, icons);
			return;
		}
		win.page = page ?? place.page;
		win.rect = fitted({ x: place.x, y: place.y, width: place.width, height: place.height }, screen.view);
		win.maximised = place.state === "maximised";
	}

	/** How many windows lie behind this one. */
	depth(win: Win): number {
		return this.list.filter((other) => other.order < win.order).length;
	}

	raise(win: Win) {
		win.minimised = false;
		if (win.order !== this.#top || this.#top === 0) win.order = ++this.#top;
	}

	minimise(win: Win) {
		win.minimised = true;
	}

	close(win: Win) {
		this.#places.set(key(win.app.id, screen.size), describe(win, false));
		this.list = this.list.filter((other) => other !== win);
	}

	/** The windows in which something was entered and not saved. */
	get changed(): Win[] {
		return this.list.filter((win) => win.changed);
	}

	/** Does what throws away the changes of all windows: at once, or after asking when there are some. */
	leave(then: () => void) {
		if (this.changed.length > 0) this.leaving = then;
		else then();
	}

	/** Everything to be remembered, back to front. */
	describe(): WindowPlace[] {
		const places = new Map(this.#places);
		for (const win of [...this.list].sort((a, b) => a.order - b.order)) {
			const id = key(win.app.id, screen.size);
			places.delete(id);
			places.set(id, describe(win, true));
		}
		return [...places.values()];
	}

	/** Closes everything and forgets what was remembered. */
	clear() {
		this.list = [];
		this.leaving = undefined;
		this.#top = 0;
		this.#places.clear();
	}

	/**
	 * Puts back what was remembered; windows of apps this person may not use stay closed. What the person opened
	 * while that was asked for stays as it is, and in front.
	 */
	restore(places: WindowPlace[], allowed: readonly App[]) {
		const early = [...this.list].sort((a, b) => a.order - b.order);
		this.#places = new Map(places.map((place) => [key(place.app, place.screen), place]));
		for (const place of places) {
			const app = allowed.find((one) => one.id === place.app);
			if (!place.open || place.screen !== screen.size || !app) continue;
			if (early.some((win) => win.app === app)) continue;
			const win = this.open(app);
			win.minimised = place.state === "minimised" || screen.phone;
			win.opener = undefined;
		}
		for (const win of early) {
			if (!win.minimised) this.raise(win);
		}
	}
}

const key = (app: string, size: WindowPlace["screen"]) => `${app} ${size}`;

function describe(win: Win, open: boolean): WindowPlace {
	// A snapped window comes back where it stood, which is what the person saw last.
	const { x, y, width, height } = win.zone ? win.place : win.rect;
	return {
		app: win.app.id,
		page: win.page,
		screen: screen.size,
		x: Math.round(x),
		y: Math.round(y),
		width: Math.round(width),
		height: Math.round(height),
		state: win.minimised ? "minimised" : win.maximised ? "maximised" : "normal",
		open,
	};
}

export const windows = new Windows();
