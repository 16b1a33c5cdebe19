import { createHash, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import type { ApiScope, ApiToken } from "../api/types";
import { fingerprint, keyFault, readKey } from "./key";
import { readMachine } from "./machine";
import { curl, pin, sample } from "./shell";
import { endsSoon, freeName, held, holder, lastUsed, lifetimes, networks, opens, sorted } from "./words";

/** A key in the three ways in which it may be written, and its fingerprint by another hand. */
function newKey() {
	const { publicKey } = generateKeyPairSync("ed25519");
	const raw = publicKey.export({ type: "spki", format: "der" }).subarray(12);
	const length = (of: number) => Buffer.from([0, 0, 0, of]);
	const blob = Buffer.concat([length(11), Buffer.from("ssh-ed25519"), length(32), raw]);
	const print = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
	return {
		raw,
		fingerprint: `SHA256:${print}`,
		forms: [
			`ssh-ed25519 ${blob.toString("base64")} backup@cellar`,
			`${publicKey.export({ type: "spki", format: "pem" })}`,
			raw.toString("base64"),
		],
	};
}

// R093: what a person compares in the browser is what the terminal shows.
test("a key has one fingerprint however it is written", async () => {
	const key = newKey();
	for (const form of key.forms) {
		const read = readKey(form);
		expect(Buffer.from(read ?? [])).toEqual(key.raw);
		expect(await fingerprint(read ?? new Uint8Array())).toBe(key.fingerprint);
		expect(keyFault(form)).toBe("");
	}
});

// The key is of RFC 8032 section 7.1, test 1; its fingerprint of ssh-keygen -l.
test("the fingerprint is the one that ssh-keygen shows", async () => {
	const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
	const key = readKey(line);
	const raw = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
	expect(Buffer.from(key ?? []).toString("hex")).toBe(raw);
	expect(await fingerprint(key ?? new Uint8Array())).toBe(
		"SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8",
	);
});

test.each([
	["", "Paste"],
	["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ", "no Ed25519"],
	["ssh-ed25519 AAAA", "no Ed25519"],
	["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "private key"],
	["not a key at all", "no Ed25519"],
])("“%s” is no key", (text, words) => {
	expect(readKey(text)).toBeUndefined();
	expect(keyFault(text)).toContain(words);
});

const link = (what: unknown) => Buffer.from(JSON.stringify(what)).toString("base64url");

test("a link of castellan login names a machine and its key", () => {
	const [key = ""] = newKey().forms;
	expect(readMachine(link({ name: "marta@laptop", key }))).toEqual({ name: "marta@laptop", key });
});

test("a link of castellan login may say what is to be opened", () => {
	const [key = ""] = newKey().forms;
	const asked = (scopes: unknown) => readMachine(link({ name: "a", key, scopes }))?.scopes;
	expect(asked(["metrics", "time:read", "metrics"])).toEqual(["metrics", "time:read"]);
	expect(asked([7, "<b>", "x".repeat(99), "new:scope"])).toEqual(["new:scope"]);
	for (const none of [[], "metrics", 7, null, {}]) expect(asked(none)).toBeUndefined();
});

test("what cannot be seen is left out of the name of a machine", () => {
	const [key = ""] = newKey().forms;
	expect(readMachine(link({ name: "\u202eatram\u200b @\n laptop ", key }))?.name).toBe("atram @ laptop");
	expect(readMachine(link({ name: "x".repeat(500), key }))?.name).toHaveLength(64);
});

test.each([
	["nothing", ""],
	["no base 64", "%%%"],
	["no JSON", "aGFsbG8"],
	["null", link(null)],
	["a list", link([])],
	["no key", link({ name: "marta@laptop" })],
	["a key of another kind", link({ name: "marta@laptop", key: "ssh-rsa AAAA" })],
	["no name", link({ name: " \u200b", key: newKey().forms[0] })],
	["half of a link", link({ name: "marta@laptop", key: newKey().forms[0] }).slice(0, 60)],
	["far too much", link({ name: "x".repeat(4000), key: newKey().forms[0] })],
])("%s is no machine", (_what, text) => {
	expect(readMachine(text)).toBeUndefined();
});

const scopes: ApiScope[] = [
	{ name: "log:read", words: "See the log.", writes: false },
	{ name: "time:read", words: "See the time", writes: false },
	{ name: "system:read", words: "See the system", writes: false },
	{ name: "time:write", words: "Set the time", writes: true },
];

test("what a token opens is said in words", () => {
	expect(opens({ scopes: ["time:write", "log:read"] }, scopes)).toEqual(["See the log", "Set the time"]);
	expect(opens({ scopes: ["log:read", "time:read", "system:read", "time:write"] }, scopes)).toEqual([
		"See everything that a program may see",
		"Set the time",
	]);
	expect(opens({ scopes: ["users:read"] }, scopes)).toEqual(["users:read"]);
});

const token = (id: string, state: ApiToken["state"]) => ({ id, state }) as ApiToken;

// R089: what is on hold stands first.
test("tokens that wait for somebody stand first", () => {
	const all = [token("a", "expired"), token("b", "active"), token("c", "on_hold"), token("d", "active")];
	expect(sorted(all).map(({ id }) => id)).toEqual(["c", "b", "d", "a"]);
	expect(held(all).map(({ id }) => id)).toEqual(["c"]);
});

test("no lifetime is longer than the NAS allows", () => {
	expect(lifetimes(90, 365).map(({ value }) => value)).toEqual(["30", "90", "180", "365"]);
	expect(lifetimes(14, 60).map(({ value }) => value)).toEqual(["14", "30", "60"]);
});

test("networks are parted by whatever people write between them", () => {
	expect(networks(" 192.0.2.0/24,2001:db8::/32;\n10.0.0.1 ")).toEqual([
		"192.0.2.0/24",
		"2001:db8::/32",
		"10.0.0.1",
	]);
	expect(networks(" ")).toEqual([]);
});

const made = (more: Partial<ApiToken>) =>
	({ name: "attic", state: "active", created: "2026-11-22T21:21:00Z", ...more }) as ApiToken;
const at = (time: string) => Date.parse(`2026-11-${time}Z`);

test("the last use is said as exactly as it is known, and is not before the token was made", () => {
	const used = (now: string, when?: string) =>
		lastUsed(made({ ...(when ? { used: `2026-11-${when}Z` } : {}) }), at(now), "UTC").replace(/\u202f/g, " ");
	expect(used("22T21:22:00")).toBe("Never");
	expect(used("22T21:59:00", "22T21:00:00")).toBe("In the last hour");
	expect(used("22T22:30:00", "22T21:00:00")).toMatch(/^Today 0?9:21 PM to 10:00 PM$|^Today 21:21 to 22:00$/);
	expect(used("23T12:00:00", "23T09:00:00")).toMatch(/^Today 0?9:00( AM)? to 10:00( AM)?$/);
	expect(used("23T12:00:00", "22T22:00:00")).toMatch(/^Yesterday /);
	expect(used("28T12:00:00", "22T22:00:00")).not.toContain(" to ");
});

test("a token that ends soon says so while there is time", () => {
	const now = at("22T12:00:00");
	const ends = (expires: string, state: ApiToken["state"] = "active") =>
		endsSoon(made({ expires, state }), now);
	expect(ends("2026-12-04T13:00:00Z")).toBe("Ends in 12 days");
	expect(ends("2026-11-23T12:30:00Z")).toBe("Ends in 1 day");
	expect(ends("2026-11-23T09:00:00Z")).toBe("Ends within a day");
	expect(ends("2026-12-07T13:00:00Z")).toBe("");
	expect(ends("2026-11-21T13:00:00Z", "expired")).toBe("");
	expect(ends("2026-11-23T13:00:00Z", "lost")).toBe("");
});

test("a name that is taken gets a number", () => {
	const tokens = [made({ name: "Attic" }), made({ name: "attic 2" })];
	expect(freeName(tokens, "attic")).toBe("attic 3");
	expect(freeName(tokens, "cellar")).toBe("cellar");
	expect(holder(tokens, " ATTIC ")?.name).toBe("Attic");
	const long = "x".repeat(64);
	expect(freeName([made({ name: long })], long)).toBe(`${"x".repeat(62)} 2`);
});

test("what is copied into a shell keeps tokens out of its arguments", () => {
	const line = curl({
		url: "https://nas:8001/api/v1/x?a=1",
		token: "ACCESS",
		method: "PUT",
		json: '{"a":"it\'s"}',
	});
	expect(line).toBe(
		`printf 'header = "Authorization: Bearer %s"\\n' "$ACCESS" | curl -sS --config - --insecure --pinnedpubkey "$PIN" -X PUT --json '{"a":"it'\\''s"}' 'https://nas:8001/api/v1/x?a=1'`,
	);
	expect(pin("https://nas.example")).toContain("-connect nas.example:443 ");
	expect(pin("https://[2001:db8::7]:8001")).toContain("-connect [2001:db8::7]:8001 ");
	expect(sample(["metrics"])).toBe("/metrics");
	expect(sample(["settings:write"])).toBe("/me");
});
