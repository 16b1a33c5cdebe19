import { Link } from "../undo/undo.svelte";

/** The link of an unlock mail. */
export const unlock = new Link("unlock");
