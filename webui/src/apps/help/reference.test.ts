import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { prose } from "./prose";
import { type Contract, call, inner, kind, nameOf, read, type Schema } from "./reference";
import { found, mayCall, named, rank } from "./search";

/** The contract as the NAS serves it. */
const root = join(import.meta.dirname, "../../../../internal/httpapi");
const contract: Contract = JSON.parse(`${gunzipSync(readFileSync(join(root, "openapi.json.gz")))}`);
const book = read(contract);
const all = book.groups.flatMap(({ operations }) => operations);
const one = (id: string) => {
	const found = all.find((operation) => operation.id === id);
	if (!found) throw new Error(`no ${id}`);
	return found;
};

test("every operation of the contract stands in the reference once", () => {
	const text = readFileSync(join(root, "openapi.yaml"), "utf8");
	const ids = [...text.matchAll(/operationId: (\w+)/g)].map(([, id]) => id);
	expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort());
	for (const { summary, answers, method, path } of all) {
		expect(summary, `${method} ${path}`).not.toBe("");
		expect(answers.length, `${method} ${path}`).toBeGreaterThan(1);
		expect(path).toMatch(/^\/api\/v1\//);
	}
});

test("every shape that is named is there", () => {
	const named: string[] = [];
	const walk = (schema: Schema | undefined) => {
		if (!schema) return;
		if (schema.$ref) named.push(nameOf(schema.$ref));
		walk(schema.items);
		for (const inner of Object.values(schema.properties ?? {})) walk(inner);
	};
	for (const { parameters, body, answers } of all) {
		for (const { name, schema } of parameters) {
			expect(name).toBeTruthy();
			walk(schema);
		}
		walk(body?.schema);
		for (const answer of answers) walk(answer.body?.schema);
	}
	for (const shape of book.shapes.values()) walk(shape);
	for (const name of named) expect(book.shapes.has(name), name).toBe(true);
	expect(named).toContain("Problem");
});

test("who may call an operation, and with which scope, is read from the contract", () => {
	expect(one("GetTime")).toMatchObject({ scope: "time:read", access: "administrator", stepUp: false });
	expect(one("CreateToken")).toMatchObject({ scope: "", access: "user", stepUp: true, method: "POST" });
	const shared = one("RevokeToken").parameters.map(({ name }) => name);
	expect(shared).toEqual(["id"]);
});

test("a search wants every word, wherever it stands", () => {
	expect(rank(one("GetTime"), "get /time")).toBe(0);
	expect(rank(one("GetTime"), "TIME:READ")).toBe(0);
	expect(rank(one("GetTime"), "time teapot")).toBeUndefined();
	expect(rank(one("GetTime"), "")).toBe(0);
	const left = found(book.groups, "log:read").flatMap(({ operations }) => operations);
	expect(left.length).toBeGreaterThan(0);
	expect(left.every(({ scope }) => scope === "log:read")).toBe(true);
	expect(found(book.groups, "")).toEqual(book.groups);
});

test("what is called so stands before what has such a field, and that before what only speaks of it", () => {
	expect(rank(one("CreateToken"), "days")).toBe(1);
	expect(rank(one("ListUsers"), "two_step")).toBe(1);
	expect(rank(one("CollectToken"), "their browser")).toBe(2);
	const places = found(book.groups, "time_zone").map(({ operations }) =>
		operations.map((operation) => rank(operation, "time_zone")),
	);
	expect(places.length).toBeGreaterThan(1);
	for (const group of places) expect(group).toEqual([...group].sort());
	const best = places.map(([first]) => first);
	expect(best).toEqual([...best].sort());
});

test("subjects have names for people", () => {
	for (const { name, title } of book.groups) expect(title, name).toMatch(/^[A-Z]/);
});

test("people see what they may call", () => {
	expect(mayCall(one("CreateToken"), { administrator: false })).toBe(true);
	expect(mayCall(one("ListUsers"), { administrator: false })).toBe(false);
	expect(mayCall(one("ListUsers"), { administrator: true })).toBe(true);
	for (const operation of all.filter(({ access }) => access === "local"))
		expect(mayCall(operation, { administrator: true })).toBe(false);
});

test("a text that names an operation leads to it", () => {
	expect(named(book.groups, "POST /machine/session")?.id).toBe("StartMachineSession");
	expect(named(book.groups, "POST /api/v1/machine/session")?.id).toBe("StartMachineSession");
	for (const text of ["x-scope: word", "GET /machine/session", "POST", ""])
		expect(named(book.groups, text)).toBeUndefined();
});

test("what a value is, is said shortly", () => {
	expect(kind({ type: "string", format: "date-time" })).toBe("string · date-time");
	expect(kind({ type: "integer", minimum: 1, maximum: 200 })).toBe("integer · 1 to 200");
	expect(kind({ type: "array", items: { $ref: "#/components/schemas/Way" } })).toBe("list of Way");
	expect(kind({})).toBe("anything");
});

test("what a shape wants stands before what it may have", () => {
	const token = book.shapes.get("NewApiToken") ?? {};
	expect(inner(token).map(([name, , required]) => `${name}${required ? "" : "?"}`)).toEqual([
		"factor",
		"name",
		"scopes",
		"addresses?",
		"collect?",
		"days?",
	]);
});

test("an operation is called from a shell with its example", () => {
	expect(call(one("StartMachineSession"), "https://nas:8001")).toMatch(
		/^printf 'header = "Authorization: Bearer %s"\\n' "\$TOKEN" \| curl -sS --config - --insecure --pinnedpubkey "\$PIN" --json '\{.*\}' https:\/\/nas:8001\/api\/v1\/machine\/session$/,
	);
	// What was bought opens the rest, and no list of processes shows either.
	expect(call(one("GetTime"), "https://nas:8001")).toContain('"$ACCESS" | curl');
	for (const operation of all) expect(call(operation, "https://nas:8001")).not.toMatch(/curl.*Bearer/);
	expect(call(one("GetUser"), "https://nas:8001")).toContain("/users/ID");
	expect(call(one("RevokeToken"), "https://nas:8001")).toContain("-X DELETE");
	expect(call(one("ChangeSettings"), "https://nas:8001")).toContain("-X PATCH");
});

test("every refusal of an operation is explained", () => {
	expect(book.refusals.length).toBeGreaterThan(50);
	expect(one("StartMachineSession").refusals).toContainEqual({
		code: "token_on_hold",
		status: 401,
		detail: expect.stringContaining("2-step verification"),
	});
	for (const { id, refusals } of all) for (const { detail } of refusals) expect(detail, id).not.toBe("");
	expect(book.everywhere.map(({ code }) => code)).toContain("busy");
});

test("paragraphs, lists and code are told apart", () => {
	expect(prose("One `two`\nthree.\n\n- four\n  five\n- six")).toEqual([
		{
			list: false,
			lines: [
				[
					{ text: "One ", code: false },
					{ text: "two", code: true },
					{ text: " three.", code: false },
				],
			],
		},
		{ list: true, lines: [[{ text: "four five", code: false }], [{ text: "six", code: false }]] },
	]);
	expect(prose("")).toEqual([]);
});
