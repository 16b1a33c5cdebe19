import { beforeEach, describe, expect, test, vi } from "vitest";
import { Client, type Hooks } from "./client";
import { Problem } from "./problem";

const answers: Response[] = [];
const asked = vi.fn(async (_url: string, _init: RequestInit) => {
	const next = answers.shift();
	if (!next) throw new TypeError("no route to host");
	return next;
});

function answer(status: number, body?: unknown) {
	const type = status < 400 ? "application/json" : "application/problem+json";
	const text = body === undefined ? null : JSON.stringify(body);
	answers.push(new Response(text, { status, headers: { "Content-Type": type } }));
}

const refuse = (status: number, code: string, more = {}) =>
	answer(status, { status, code, detail: "A sentence.", ...more });

const header = (call: number, name: string) => new Headers(asked.mock.calls[call]?.[1].headers).get(name);

let hooks: { [Name in keyof Hooks]: ReturnType<typeof vi.fn<Hooks[Name]>> };
let client: Client;

beforeEach(() => {
	answers.length = 0;
	asked.mockClear();
	vi.stubGlobal("fetch", asked);
	hooks = {
		stepUp: vi.fn(async () => true),
		signedOut: vi.fn(),
		unclaimed: vi.fn(),
		recovery: vi.fn(),
		enrol: vi.fn(),
		blocked: vi.fn(),
		contact: vi.fn(),
	};
	client = new Client();
	client.use(hooks);
});

describe("a call that was under way while another renewed the session", () => {
	test("is made once more, and nobody is told of having left", async () => {
		refuse(401, "signed_out");
		answer(200, { visitor: "signed_in" });
		answer(204);
		await client.put("/me/desktop", { theme: "auto", windows: [] });
		expect(asked.mock.calls.map(([url]) => url)).toEqual([
			"/api/v1/me/desktop",
			"/api/v1/status",
			"/api/v1/me/desktop",
		]);
		expect(hooks.signedOut).not.toHaveBeenCalled();
	});

	test("waits for that answer, which brings the new cookie, before it asks who is there", async () => {
		let renewed = (_: Response) => {};
		asked.mockImplementationOnce(() => new Promise((done) => (renewed = done)));
		const change = client.post("/session/step-up", { password: "p" });
		refuse(401, "signed_out");
		answer(200, { visitor: "signed_in" });
		answer(200, { sessions: [] });
		const sessions = client.get("/me/sessions");
		await new Promise((on) => setTimeout(on));
		expect(asked.mock.calls.map(([url]) => url)).toEqual(["/api/v1/session/step-up", "/api/v1/me/sessions"]);
		renewed(new Response("{}", { headers: { "Content-Type": "application/json" } }));
		await Promise.all([change, sessions]);
		expect(asked).toHaveBeenCalledTimes(4);
		expect(hooks.signedOut).not.toHaveBeenCalled();
	});

	test("tells of having left when the browser has no session any more", async () => {
		refuse(401, "signed_out");
		answer(200, { visitor: "stranger" });
		await failure(client.put("/me/desktop", { theme: "auto", windows: [] }));
		expect(hooks.signedOut).toHaveBeenCalledOnce();
	});
});

const failure = (call: Promise<unknown>) =>
	call.then(
		() => undefined,
		(thrown: Problem) => thrown,
	);

describe("the header token", () => {
	test("is the newest one that an answer carried", async () => {
		answer(200, { next: "code", token: "first", expires_in: 300 });
		answer(200, { next: "done", token: "second", expires_in: 300 });
		answer(204);
		await client.post("/sign-in", { name: "lena", password: "x" });
		await client.post("/sign-in/code", { code: "123456" });
		await client.delete("/session");
		expect(header(0, "Castellan-Token")).toBeNull();
		expect(header(1, "Castellan-Token")).toBe("first");
		expect(header(2, "Castellan-Token")).toBe("second");
	});

	test("is asked for again when another tab has renewed the session", async () => {
		refuse(403, "token_missing");
		answer(200, { token: "renewed" });
		answer(204);
		await client.delete("/session");
		expect(asked.mock.calls[1]?.[0]).toBe("/api/v1/session");
		expect(header(2, "Castellan-Token")).toBe("renewed");
	});

	test("is asked for again when the wait for the button answered after the password had", async () => {
		refuse(403, "token_missing");
		answer(200, { next: "claim", token: "renewed" });
		answer(201, { next: "done", token: "session" });
		await client.post("/claim", { name: "lena", password: "x" });
		expect(asked.mock.calls[1]?.[0]).toBe("/api/v1/sign-in");
		expect(header(2, "Castellan-Token")).toBe("renewed");
	});

	test("is asked for once only, and not in the middle of a sign-in", async () => {
		refuse(403, "token_missing");
		answer(200, { token: "renewed" });
		refuse(403, "token_missing");
		expect((await failure(client.delete("/session")))?.code).toBe("token_missing");
		refuse(403, "token_missing");
		expect((await failure(client.post("/sign-in/code", { code: "123456" })))?.code).toBe("token_missing");
		expect(asked).toHaveBeenCalledTimes(4);
	});

	test("is not sent with questions that change nothing", async () => {
		answer(200, { token: "first" });
		answer(200, {});
		await client.get("/session");
		await client.get("/me");
		expect(header(1, "Castellan-Token")).toBeNull();
	});
});

describe("a sensitive change", () => {
	test("is repeated once after the person proved who they are", async () => {
		refuse(403, "step_up_required");
		answer(200, { nas_name: "attic", time_zone: "UTC" });
		const saved = await client.patch("/settings", { nas_name: "attic" });
		expect(saved.nas_name).toBe("attic");
		expect(hooks.stepUp).toHaveBeenCalledTimes(1);
		expect(asked.mock.calls[0]?.[1].body).toBe(asked.mock.calls[1]?.[1].body);
	});

	test("hands on the password that was just typed", async () => {
		refuse(403, "step_up_required");
		answer(204);
		await client.put("/me/password", { current: "old", password: "new" }, { password: "old" });
		expect(hooks.stepUp).toHaveBeenCalledWith("old");
	});

	test("ends without a second try when the person would rather not", async () => {
		hooks.stepUp.mockResolvedValue(false);
		refuse(403, "step_up_required");
		const problem = await failure(client.delete("/users/{id}", { id: "a" }));
		expect(problem?.code).toBe("cancelled");
		expect(asked).toHaveBeenCalledTimes(1);
	});
});

describe("a refusal", () => {
	test("becomes a problem with its fields and its wait", async () => {
		refuse(422, "invalid", {
			fields: [{ name: "email", code: "taken", detail: "It is used." }],
			retry_in: 7,
		});
		const problem = await failure(client.put("/me/email", { email: "a@b" }));
		expect(problem).toBeInstanceOf(Problem);
		expect(problem?.field("email")).toBe("It is used.");
		expect(problem?.retryIn).toBe(7);
		expect(problem?.beside("email")).toBe("");
		expect(problem?.beside("name")).toBe("A sentence.");
	});

	test("that is no problem document is told by its status", async () => {
		answers.push(new Response("<html>", { status: 502 }));
		const problem = await failure(client.get("/status"));
		expect(problem?.code).toBe("unreadable");
		expect(problem?.message).toContain("502");
	});

	test.each([
		["signed_out", 401, "signedOut"],
		["unclaimed", 409, "unclaimed"],
		["recovery_required", 503, "recovery"],
		["address_blocked", 403, "blocked"],
	] as const)(
		"%s is told to the page as a whole, unless the caller asks for quiet",
		async (code, status, hook) => {
			refuse(status, code);
			refuse(status, code);
			await failure(client.get("/me"));
			expect(hooks[hook]).toHaveBeenCalledTimes(1);
			await failure(client.get("/me", { quiet: true }));
			expect(hooks[hook]).toHaveBeenCalledTimes(1);
		},
	);
});

describe("contact", () => {
	test("is lost when nothing answers, and found again with any answer", async () => {
		const problem = await failure(client.get("/status"));
		expect(problem?.code).toBe("no_contact");
		expect(hooks.contact).toHaveBeenLastCalledWith(false);
		refuse(401, "signed_out");
		answer(200, { visitor: "stranger" });
		await failure(client.get("/session"));
		expect(hooks.contact).toHaveBeenLastCalledWith(true);
	});
});

test("an address carries its id and only the query that was given", async () => {
	answer(200, {});
	await client.get("/users/{id}", { id: "a/b" });
	expect(asked.mock.calls[0]?.[0]).toBe("/api/v1/users/a%2Fb");
	answer(200, { users: [], total: 0 });
	await client.get("/users", { query: { search: "Říha & co", after: "" } });
	expect(asked.mock.calls[1]?.[0]).toBe("/api/v1/users?search=%C5%98%C3%ADha+%26+co");
});
