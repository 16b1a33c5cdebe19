import { afterEach, expect, test, vi } from "vitest";
import { api } from "../api/client";
import { cancelled, Problem } from "../api/problem";
import type { ApiTokenMade } from "../api/types";
import { Wish } from "./wish.svelte";

afterEach(() => vi.restoreAllMocks());

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

/** A form that is filled in. */
function filled(): Wish {
	const wish = new Wish(90);
	wish.name = " Cellar backup ";
	wish.toggle("log:read");
	wish.key = `${key}\n`;
	return wish;
}

const answers = (made: Partial<ApiTokenMade>) =>
	vi.spyOn(api, "post").mockResolvedValue(made as unknown as never);

test("nothing is sent before everything that it wants is there", async () => {
	const post = answers({});
	const wish = new Wish(90);
	expect(await wish.make()).toBeUndefined();
	expect(wish.faults).toMatchObject({
		name: "Name the program or the machine.",
		scopes: "Choose what the token opens.",
		key: "Paste the public key of the machine.",
	});
	wish.kind = "codes";
	wish.name = "a";
	wish.toggle("log:read");
	expect(wish.faults.scopes).toBe("");
	await wish.make();
	expect(post).toHaveBeenCalledOnce();
});

test("what is sent is what was chosen", async () => {
	const post = answers({ text: "cst_x" });
	const wish = filled();
	wish.addresses = "192.0.2.0/24, 2001:db8::7";
	wish.days = "30";
	expect(await wish.make()).toEqual({ text: "cst_x" });
	expect(post.mock.calls[0]?.slice(0, 2)).toEqual([
		"/me/tokens",
		{
			name: "Cellar backup",
			scopes: ["log:read"],
			days: 30,
			addresses: ["192.0.2.0/24", "2001:db8::7"],
			factor: { kind: "key", key },
		},
	]);
});

// R093: the token goes to the machine whose key it was made for, and not through the browser.
test("a machine that waits in a terminal collects its token itself", async () => {
	const post = answers({});
	await filled().make(true);
	expect(post.mock.calls[0]?.[1]).toMatchObject({ collect: true, factor: { kind: "key" } });
});

test("a refusal stands under the field that it is about", async () => {
	const detail = "No network is written so.";
	vi.spyOn(api, "post").mockRejectedValue(
		new Problem({
			status: 422,
			code: "invalid",
			detail,
			fields: [{ name: "addresses.1", code: "malformed", detail }],
		}),
	);
	const wish = filled();
	expect(await wish.make()).toBeUndefined();
	expect(wish.faults.addresses).toBe(detail);
	expect(wish.refusal).toBe("");
	expect(wish.busy).toBe(false);
});

test("a refusal about nothing in the form stands below it, and giving up is none", async () => {
	const post = vi.spyOn(api, "post");
	post.mockRejectedValueOnce(
		new Problem({ status: 409, code: "too_many_tokens", detail: "Revoke one first." }),
	);
	const wish = filled();
	await wish.make();
	expect(wish.refusal).toBe("Revoke one first.");
	post.mockRejectedValueOnce(cancelled());
	await wish.make();
	expect(wish.refusal).toBe("");
});

test("a group of scopes is given and taken away as one", () => {
	const wish = new Wish(90);
	wish.toggle("time:write");
	wish.toggleAll(["log:read", "time:read"]);
	expect([...wish.scopes]).toEqual(["time:write", "log:read", "time:read"]);
	wish.toggleAll(["log:read", "time:read"]);
	expect([...wish.scopes]).toEqual(["time:write"]);
});

// R091: a link that somebody was sent costs one click; what that gives away is next to nothing.
test("a machine sees what it asked to see, and otherwise how the NAS is; what it wants to change is given by hand", () => {
	const scopes = ["system:read", "log:read", "metrics", "time:write"].map((name) => ({
		name,
		words: `words of ${name}`,
		writes: name.endsWith(":write"),
	}));
	const wish = new Wish(90);
	expect(wish.ask(undefined, { scopes })).toEqual({ changes: [], unknown: [] });
	expect([...wish.scopes]).toEqual(["system:read"]);
	expect(wish.ask(["metrics", "time:write", "root"], { scopes })).toEqual({
		changes: ["words of time:write"],
		unknown: ["root"],
	});
	expect([...wish.scopes]).toEqual(["metrics"]);
	expect(wish.ask(undefined, { scopes: [] })).toEqual({ changes: [], unknown: ["system:read"] });
	expect([...wish.scopes]).toEqual([]);
});
