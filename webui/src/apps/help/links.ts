import { getContext, setContext } from "svelte";
import type { Operation } from "./reference";

/** The ways from a text of the reference to what it names. */
export interface Links {
	/** The operation that a text such as “POST /machine/session” names. */
	find(text: string): Operation | undefined;
	go(to: Operation): void;
}

const key = Symbol("links");

export const provideLinks = (links: Links) => setContext(key, links);

export const links = () => getContext<Links | undefined>(key);
