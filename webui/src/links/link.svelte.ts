type Kind = "undo" | "unlock" | "password" | "network" | "machine";

/**
 * What stands behind the # of a link. Four work without a session: of those that come in mails one takes a changed e-mail
 * address back (undo), one unlocks a browser, and one sets a password, for whoever forgot theirs or was invited. The page of
 * the network has one that leads to a new address, and keeps that (network). One waits until somebody has signed in: castellan
 * login prints it, and it asks to let a machine in (machine).
 */
class Link {
	kind = $state<Kind | "">("");
	token = $state("");

	/** Takes the token out of the address bar at once, so that neither history nor a picture of the screen keeps it. */
	take() {
		// Half a link of a machine is worth a page that says so: people copy it out of a terminal.
		const found = location.hash.match(/^#(?:(undo|unlock|password|network)=([\w.~-]+)|(machine)(?:=(.*))?)$/);
		if (!found) return;
		history.replaceState(null, "", location.pathname + location.search);
		this.kind = (found[1] ?? found[3]) as Kind;
		this.token = found[2] ?? found[4] ?? "";
	}

	close() {
		this.kind = "";
		this.token = "";
	}
}

export const link = new Link();
