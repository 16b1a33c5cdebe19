type Kind = "undo" | "unlock" | "password" | "network";

/**
 * A link that works without a session: what stands behind its #. Of those that come in mails one takes a changed e-mail
 * address back (undo), one unlocks a browser, and one sets a password, for whoever forgot theirs or was invited. The page of
 * the network has one that leads to a new address, and keeps that (network).
 */
class Link {
	kind = $state<Kind | "">("");
	token = $state("");

	/** Takes the token out of the address bar at once, so that neither history nor a picture of the screen keeps it. */
	take() {
		const found = location.hash.match(/^#(undo|unlock|password|network)=([\w.~-]+)$/);
		if (!found) return;
		history.replaceState(null, "", location.pathname + location.search);
		this.kind = found[1] as Kind;
		this.token = `${found[2]}`;
	}

	close() {
		this.kind = "";
		this.token = "";
	}
}

export const link = new Link();
