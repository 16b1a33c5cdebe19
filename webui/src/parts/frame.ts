import { getContext, onMount, setContext } from "svelte";

/** What a window offers to the page inside it. */
export interface Frame {
	/** The width a page has for its content, for layouts that are more than a matter of style. */
	readonly room: number;
	/** The page that is shown. */
	readonly page: string;
	/** Where dialogs and edit panels of this window are put. */
	readonly layer: HTMLElement | undefined;
	/** A dialog of this window stands open. */
	readonly covered: boolean;
	/** Counts the dialogs that make the rest of the window unavailable. */
	cover(): () => void;
	/** Takes note of a form whose changes are not to be lost by accident. loss says what goes, where it is something else. */
	watch(changed: () => boolean, loss?: string): () => void;
	/** Does what would throw changes away: at once, or after asking when there are some. */
	leave(then: () => void): void;
}

const key = Symbol("frame");

export const provideFrame = (frame: Frame) => setContext(key, frame);

/** The window around this part, or nothing when it stands on the wallpaper. */
export const frame = () => getContext<Frame | undefined>(key);

/** Has the window ask before it throws away what was entered in this part and not saved, or what loss says. */
export function guard(changed: () => boolean, loss?: string) {
	const around = frame();
	onMount(() => around?.watch(changed, loss));
}

/** Moves an element to where it must stand, for example out of what a dialog makes unavailable. */
export function within(target: HTMLElement | undefined) {
	return (node: HTMLElement) => {
		target?.append(node);
		return () => node.remove();
	};
}

/** Focus goes to what asks for it, else to the first field, else to the first button. */
export function focusFirst(root: HTMLElement) {
	const wish =
		root.querySelector<HTMLElement>("[data-first]") ??
		root.querySelector<HTMLElement>("input:not(:disabled, [readonly]), select:not(:disabled)") ??
		root.querySelector<HTMLElement>(".foot button:not(:disabled), button:not(:disabled)");
	(chosen(root, wish) ?? wish ?? root).focus();
}

/** Of radios the one that is chosen stands for all of them, as it does for the Tab key. */
function chosen(root: HTMLElement, wish: HTMLElement | null) {
	if (!(wish instanceof HTMLInputElement) || wish.type !== "radio") return undefined;
	return root.querySelector<HTMLElement>(`input[name="${CSS.escape(wish.name)}"]:checked`);
}
