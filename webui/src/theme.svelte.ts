export type Theme = "auto" | "light" | "dark";

const key = "castellan-theme";
const names: readonly string[] = ["auto", "light", "dark"];

/** Auto, light or dark; before sign-in the browser remembers the choice, afterwards the NAS does, too. */
class ThemeChoice {
	choice = $state<Theme>(stored());
	#system = matchMedia("(prefers-color-scheme: dark)");
	#systemDark = $state(this.#system.matches);
	readonly dark = $derived(this.choice === "dark" || (this.choice === "auto" && this.#systemDark));

	/** Keeps the page in step with the choice and with the system. */
	follow(): () => void {
		const changed = () => {
			this.#systemDark = this.#system.matches;
			this.#apply();
		};
		this.#system.addEventListener("change", changed);
		this.#apply();
		return () => this.#system.removeEventListener("change", changed);
	}

	choose(theme: Theme) {
		this.choice = theme;
		this.#apply();
		this.remember();
	}

	/** Writes the choice down again, for signing out clears what this site has stored in the browser. */
	remember() {
		try {
			localStorage.setItem(key, this.choice);
		} catch {
			// A browser that keeps nothing still shows the theme until the page is closed.
		}
	}

	#apply() {
		document.documentElement.dataset.theme = this.dark ? "dark" : "light";
	}
}

function stored(): Theme {
	try {
		const theme = localStorage.getItem(key) ?? "";
		return names.includes(theme) ? (theme as Theme) : "auto";
	} catch {
		return "auto";
	}
}

export const theme = new ThemeChoice();
