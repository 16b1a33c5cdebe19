import { untrack } from "svelte";

/**
 * Runs a task now and again after every pause, never twice at once, and not while the page is hidden: nobody
 * looks at it then, and a NAS should be allowed to sleep. What ends by itself soon may go on in the dark.
 * Returns the way to end it.
 */
export function poll(task: () => Promise<unknown>, every: number, dark = false): () => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let running = false;
	let ended = false;

	async function run() {
		clearTimeout(timer);
		if (running || ended || (document.hidden && !dark)) return;
		running = true;
		// An effect that polls is not run again by what the task reads: two polls would overtake each other.
		await untrack(task).catch(() => undefined);
		running = false;
		if (!ended) timer = setTimeout(run, every);
	}

	document.addEventListener("visibilitychange", run);
	run();
	return () => {
		ended = true;
		clearTimeout(timer);
		document.removeEventListener("visibilitychange", run);
	};
}
