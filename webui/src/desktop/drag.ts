/** Tells a drag from a press: nothing moves before the pointer went this far. */
const threshold = 4;

export interface Drag {
	start(event: PointerEvent): void;
	move(event: PointerEvent, dx: number, dy: number): void;
	end(event: PointerEvent): void;
}

/** Follows one pointer from press to release. A press that goes nowhere stays a press. */
export function drag(handlers: Drag) {
	return (node: HTMLElement) => {
		function down(event: PointerEvent) {
			const target = event.target as HTMLElement;
			if (event.button !== 0 || target.closest("button, a, input, select") !== null) return;
			const from = { x: event.clientX, y: event.clientY };
			let moving = false;

			function move(now: PointerEvent) {
				if (now.pointerId !== event.pointerId) return;
				const dx = now.clientX - from.x;
				const dy = now.clientY - from.y;
				if (!moving && Math.hypot(dx, dy) < threshold) return;
				if (!moving) {
					moving = true;
					node.setPointerCapture(event.pointerId);
					handlers.start(event);
				}
				handlers.move(now, dx, dy);
			}

			function up(now: PointerEvent) {
				if (now.pointerId !== event.pointerId) return;
				removeEventListener("pointermove", move);
				removeEventListener("pointerup", up);
				removeEventListener("pointercancel", up);
				if (moving) handlers.end(now);
			}

			addEventListener("pointermove", move);
			addEventListener("pointerup", up);
			addEventListener("pointercancel", up);
		}

		node.addEventListener("pointerdown", down);
		return () => node.removeEventListener("pointerdown", down);
	};
}
