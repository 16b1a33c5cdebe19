/** The order F6 walks: task bar, front window, the other windows from new to old, icons, toasts. */
export function regions(): HTMLElement[] {
	const all = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((one) => !one.inert);
	const rank = (one: HTMLElement) => {
		const kind = one.dataset.region;
		if (kind === "bar") return Number.NEGATIVE_INFINITY;
		if (kind === "window") return -Number(one.style.zIndex);
		return kind === "icons" ? 1 : 2;
	};
	return all.sort((a, b) => rank(a) - rank(b));
}

/** The order of the walk that is under way. A window that gets the focus comes to the front, which must not turn the walk round. */
let walk: HTMLElement[] = [];
let reached: HTMLElement | undefined;

/** Brings the focus to the next region, or with -1 to the one before. */
export function nextRegion(step: 1 | -1) {
	const here = document.activeElement;
	const all = regions();
	const same = walk.length === all.length && walk.every((one) => all.includes(one));
	if (!same || !reached?.contains(here)) walk = all;
	const at = walk.findIndex((one) => one.contains(here));
	const start = at < 0 && step < 0 ? 0 : at;
	for (let count = 1; count <= walk.length; count++) {
		const region = walk[(start + step * count + walk.length * 2) % walk.length];
		const target = region?.querySelector<HTMLElement>(
			"h1[tabindex], button:not(:disabled, [tabindex='-1']), a[href]",
		);
		if (!target) continue;
		reached = region;
		target.focus();
		return;
	}
}
