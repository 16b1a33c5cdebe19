/**
 * One tab stop for a list of buttons: arrow keys, Home and End go from one to the next. The stop is the chosen
 * one, marked by aria-current, or else the first.
 */
export function rove(node: HTMLElement) {
	const stops = () => [...node.querySelectorAll<HTMLElement>("button:not(:disabled), a[href]")];

	function settle(to?: HTMLElement) {
		const all = stops();
		const stop = to ?? all.find((one) => one.getAttribute("aria-current")) ?? all[0];
		for (const one of all) one.tabIndex = one === stop ? 0 : -1;
	}

	function key(event: KeyboardEvent) {
		const all = stops();
		const at = all.indexOf(document.activeElement as HTMLElement);
		if (at < 0) return;
		const next = {
			ArrowDown: at + 1,
			ArrowRight: at + 1,
			ArrowUp: at - 1,
			ArrowLeft: at - 1,
			Home: 0,
			End: all.length - 1,
		}[event.key];
		if (next === undefined) return;
		event.preventDefault();
		const stop = all[(next + all.length) % all.length];
		settle(stop);
		stop?.focus();
	}

	const changes = new MutationObserver(() => settle());
	changes.observe(node, {
		childList: true,
		subtree: true,
		attributes: true,
		attributeFilter: ["aria-current"],
	});
	node.addEventListener("keydown", key);
	settle();
	return () => {
		changes.disconnect();
		node.removeEventListener("keydown", key);
	};
}
