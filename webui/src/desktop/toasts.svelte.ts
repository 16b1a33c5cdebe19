export interface Toast {
	id: number;
	level: "ok" | "bad";
	title: string;
	text?: string;
	action?: { name: string; run: () => void };
}

const most = 3;

/** Short messages at the lower right. Errors stay until they are closed. */
class Toasts {
	list = $state<Toast[]>([]);
	#next = 1;

	add(toast: Omit<Toast, "id">) {
		this.list = [...this.list, { ...toast, id: this.#next++ }].slice(-most);
	}

	saved(title: string, text?: string) {
		this.add({ level: "ok", title, text });
	}

	failed(title: string, text?: string) {
		this.add({ level: "bad", title, text });
	}

	clear() {
		this.list = [];
	}

	close(id: number) {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}

export const toasts = new Toasts();
