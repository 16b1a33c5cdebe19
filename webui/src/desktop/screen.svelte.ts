import type { WindowPlace } from "../api/types";
import { nas } from "../status.svelte";
import type { Rect } from "./geometry";

const bar = 48;
/** The line that says that the NAS does not answer. */
const notice = { line: 36, lines: 52 };

/** How much room the browser gives, and what that means for windows. */
class Screen {
	width = $state(innerWidth);
	height = $state(innerHeight);

	/** Windows are sheets over the whole screen. */
	readonly phone = $derived(this.width <= 640);
	/** Windows can be placed freely. */
	readonly free = $derived(this.width >= 1024);
	readonly size = $derived<WindowPlace["screen"]>(
		this.width < 1024 ? "small" : this.width < 1600 ? "medium" : "large",
	);
	/** What the line about lost contact takes. */
	readonly lost = $derived(nas.lostSince === 0 ? 0 : this.phone ? notice.lines : notice.line);
	/** Below the task bar; on a phone a window covers that, too. */
	readonly top = $derived((this.phone ? 0 : bar) + this.lost);
	readonly view = $derived<Rect>({
		x: 0,
		y: this.top,
		width: this.width,
		height: Math.max(0, this.height - this.top),
	});

	measure = () => {
		this.width = innerWidth;
		this.height = innerHeight;
	};

	follow(): () => void {
		this.measure();
		addEventListener("resize", this.measure);
		return () => removeEventListener("resize", this.measure);
	}
}

export const screen = new Screen();
