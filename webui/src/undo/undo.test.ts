import { beforeEach, expect, test } from "vitest";
import { undo } from "./undo.svelte";

beforeEach(() => {
	undo.close();
	history.replaceState(null, "", "/");
});

test("the token leaves the address bar as soon as it is taken", () => {
	history.replaceState(null, "", "/#undo=abc.DEF-ghi_jkl");
	undo.take();
	expect(undo.token).toBe("abc.DEF-ghi_jkl");
	expect(location.hash).toBe("");
});

test.each(["", "#", "#undo=", "#undo=a b", "#undo=<script>", "#other=abc"])(
	"nothing is taken from “%s”",
	(hash) => {
		history.replaceState(null, "", `/${hash}`);
		undo.take();
		expect(undo.token).toBe("");
	},
);
