/** The link that the old address got when an e-mail address was changed: what stands behind its #. */
class Undo {
	token = $state("");

	/** Takes the token out of the address bar at once, so that neither history nor a picture of the screen keeps it. */
	take() {
		const found = location.hash.match(/^#undo=([\w.~-]+)$/)?.[1];
		if (!found) return;
		history.replaceState(null, "", location.pathname + location.search);
		this.token = found;
	}

	close() {
		this.token = "";
	}
}

export const undo = new Undo();
