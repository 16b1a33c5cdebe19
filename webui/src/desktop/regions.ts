/** The order F6 walks: task bar, front window, the other windows from new to old, icons, toasts. */
export function regions(): HTMLElement[] {
	const all = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((one) => !one.inert);
	const rank = (one: HTMLElement) => {
		const kind = one.dataset.region;
		if (kind === "bar") return -1_000_000;
		if (kind === "window") return -Number(one.style.zIndex);
		return kind === "icons" ? 1 : 2;
	};
	return all.sort((a, b) => rank(a) - rank(b));
}

/** Brings the focus to the next region, or with -1 to the one before. */
export function nextRegion(step: 1 | -1) {
	const all = regions();
	if (all.length === 0) return;
	const at = all.findIndex((one) => one.contains(document.activeElement));
	const start = at < 0 && step < 0 ? 0 : at;
	for (let count = 1; count <= all.length; count++) {
		const region = all[(start + step * count + all.length * 2) % all.length];
		const target = region?.querySelector<HTMLElement>(
			"h1[tabindex], button:not(:disabled, [tabindex='-1']), a[href]",
		);
		if (!target) continue;
		target.focus();
		return;
	}
}
