import { asProblem } from "../api/problem";
import { boot } from "../boot.svelte";
import { session } from "../session/session.svelte";
import { appById } from "./apps";
import { memory } from "./remember.svelte";
import { toasts } from "./toasts.svelte";
import { windows } from "./windows.svelte";

/** Opens an app at a page, if the person may use it. */
export function show(id: string, page?: string) {
	const app = appById(id);
	if (!app || (app.administrator && !session.administrator)) return;
	windows.open(app, page);
}

/** Opens the help for what is in front. */
export function showHelp() {
	show("help", windows.front?.app.help ?? "keyboard");
}

/** Ends the session, after asking when something is not saved. */
export function signOut() {
	windows.leave(async () => {
		await memory.flush();
		try {
			await boot.signOut();
		} catch (thrown) {
			toasts.failed("You are still signed in", asProblem(thrown).message);
		}
	});
}

/** What Users shows first when it is opened from elsewhere. */
export const wanted = $state({ user: "" });
