/** A link of a mail that leads to a page of its own: what stands behind its #. */
export class Link {
	token = $state("");
	readonly #form: RegExp;

	constructor(name: string) {
		this.#form = new RegExp(`^#${name}=([\\w.~-]+)$`);
	}

	/** Takes the token out of the address bar at once, so that neither history nor a picture of the screen keeps it. */
	take() {
		const found = location.hash.match(this.#form)?.[1];
		if (!found) return;
		history.replaceState(null, "", location.pathname + location.search);
		this.token = found;
	}

	close() {
		this.token = "";
	}
}

/** The link that the old address got when an e-mail address was changed. */
export const undo = new Link("undo");
