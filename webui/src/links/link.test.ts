import { beforeEach, expect, test } from "vitest";
import { link } from "./link.svelte";

beforeEach(() => {
	link.close();
	history.replaceState(null, "", "/");
});

// R076: the token stays out of the history.
test.each(["undo", "unlock", "password", "network"])(
	"the token of #%s leaves the address bar as soon as it is taken",
	(kind) => {
		history.replaceState(null, "", `/#${kind}=abc.DEF-ghi_jkl`);
		link.take();
		expect(link.kind).toBe(kind);
		expect(link.token).toBe("abc.DEF-ghi_jkl");
		expect(location.hash).toBe("");
	},
);

// R093: what a machine asks with is taken out at once, whatever is left of it.
test.each([
	["#machine=eyJuYW1lIjoi", "eyJuYW1lIjoi"],
	["#machine=half of it", "half%20of%20it"],
	["#machine=", ""],
	["#machine", ""],
])("the link of a machine “%s” is taken", (hash, left) => {
	history.replaceState(null, "", `/${hash.replaceAll(" ", "%20")}`);
	link.take();
	expect(link.kind).toBe("machine");
	expect(link.token).toBe(left);
	expect(location.hash).toBe("");
});

test.each(["", "#", "#undo=", "#undo=a b", "#undo=<script>", "#password=", "#other=abc", "#machines=abc"])(
	"nothing is taken from “%s”",
	(hash) => {
		history.replaceState(null, "", `/${hash}`);
		link.take();
		expect(link.token).toBe("");
		expect(link.kind).toBe("");
	},
);
