import { beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "./api/problem";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), delete: vi.fn(), use: vi.fn() } }));
vi.mock("./api/client", () => ({ api }));

const { boot } = await import("./boot.svelte");

const clock = {
	now: "2026-11-21T13:00:00Z",
	zone: "UTC",
	state: "synced",
	level: "ok",
	offset_ms: 0,
	message: "",
};
const me = { id: "a", name: "lena", display_name: "Lena", role: "user", two_step: false };
const session = {
	me,
	token: "t",
	nas_name: "nas",
	idle_in: 1800,
	ends_in: 9000,
	step_up_in: 0,
	must_enrol: false,
};
const gone = new Problem({ status: 401, code: "signed_out", detail: "Not signed in." });

function answers(given: Record<string, unknown>) {
	api.get.mockImplementation(async (path: string) => {
		const answer = given[path] ?? gone;
		if (answer instanceof Error) throw answer;
		return answer;
	});
}

const status = (state: string, visitor = "stranger") => ({
	state,
	visitor,
	nas_name: "nas",
	clock,
	fingerprint: "AA",
});

const asked = () => api.get.mock.calls.map(([path]) => path);

beforeEach(() => {
	api.get.mockReset();
	sessionStorage.clear();
	boot.stage = "loading";
	boot.step = undefined;
	boot.said = "";
});

describe("a page that is loaded leads to", () => {
	test("sign-in, for a stranger", async () => {
		answers({ "/status": status("ready") });
		await boot.start();
		expect(boot.stage).toBe("sign_in");
		expect(boot.step).toBeUndefined();
		expect(asked()).toEqual(["/status"]);
	});

	test("the code, half way", async () => {
		answers({
			"/status": status("ready", "half_way"),
			"/sign-in": { next: "code", token: "t", expires_in: 60 },
		});
		await boot.start();
		expect(boot.stage).toBe("sign_in");
		expect(boot.step?.next).toBe("code");
	});

	test("the desktop, signed in", async () => {
		answers({ "/status": status("ready", "signed_in"), "/session": session });
		await boot.start();
		expect(boot.stage).toBe("desktop");
	});

	test("setting 2-step verification up, where the policy wants that first", async () => {
		answers({ "/status": status("ready", "signed_in"), "/session": { ...session, must_enrol: true } });
		await boot.start();
		expect(boot.stage).toBe("enrol");
	});

	test("the last step of the first run, where it was left", async () => {
		answers({ "/status": status("ready", "signed_in"), "/session": session });
		await boot.claimed();
		await boot.start();
		expect(boot.stage).toBe("claim");
		boot.firstRunDone();
		await boot.start();
		expect(boot.stage).toBe("desktop");
	});

	test("the claim, while nobody owns the NAS", async () => {
		answers({ "/status": status("unclaimed") });
		await boot.start();
		expect(boot.stage).toBe("claim");
		expect(boot.step).toBeUndefined();
		expect(boot.waiting).toBe(false);
		expect(asked()).toEqual(["/status"]);
	});

	test("the account, once the right to claim was proved", async () => {
		const step = { next: "claim", token: "t", expires_in: 60 };
		answers({ "/status": status("unclaimed", "half_way"), "/sign-in": step });
		await boot.start();
		expect(boot.step?.next).toBe("claim");
		expect(asked()).toEqual(["/status", "/sign-in"]);
	});

	test("the account, when the press came while the page was loading", async () => {
		const step = { next: "claim", token: "t", expires_in: 60 };
		answers({
			"/status": status("unclaimed", "waiting"),
			"/claim/button": { state: "confirmed" },
			"/sign-in": step,
		});
		await boot.start();
		expect(boot.step?.next).toBe("claim");
	});

	test("the same wait for the button, which a second one beside it would spoil", async () => {
		answers({ "/status": status("unclaimed", "waiting"), "/claim/button": { state: "waiting" } });
		await boot.start();
		expect(boot.waiting).toBe(true);
		expect(api.get).not.toHaveBeenCalledWith("/sign-in", expect.anything());
	});

	test("sign-in, when the session ended a moment ago", async () => {
		answers({ "/status": status("ready", "signed_in") });
		await boot.start();
		expect(boot.stage).toBe("sign_in");
	});

	test("an explanation, when the NAS cannot serve", async () => {
		answers({ "/status": status("recovery_required") });
		await boot.start();
		expect(boot.stage).toBe("recovery");
	});

	test("waiting, when nothing answers", async () => {
		answers({ "/status": new Problem({ status: 0, code: "no_contact", detail: "" }) });
		await boot.start();
		expect(boot.stage).toBe("no_contact");
	});
});

test("the end of a session is told once", async () => {
	answers({ "/status": status("ready", "signed_in"), "/session": session });
	await boot.start();
	boot.signedOut("You were signed out.");
	expect(boot.stage).toBe("sign_in");
	expect(boot.said).toBe("You were signed out.");
	boot.said = "";
	boot.signedOut("You were signed out.");
	expect(boot.said).toBe("");
});

test("what is refused while somebody signs out does not take the place of what it leads to", async () => {
	answers({ "/status": status("ready", "signed_in"), "/session": session });
	await boot.start();
	let done = () => {};
	api.delete.mockReturnValueOnce(new Promise<void>((answered) => (done = answered)));
	const left = boot.signOut();
	api.get.mockClear();
	boot.suit({ state: "ready", visitor: "stranger" });
	boot.signedOut("You were signed out.");
	expect(asked()).toEqual([]);
	expect(boot.stage).toBe("desktop");
	done();
	await left;
	expect(boot.said).toBe("You are signed out.");
});

test("whoever could not sign out still hears of the end of the session", async () => {
	answers({ "/status": status("ready", "signed_in"), "/session": session });
	await boot.start();
	api.delete.mockRejectedValueOnce(new Problem({ status: 503, code: "busy", detail: "Busy." }));
	await expect(boot.signOut()).rejects.toThrow("Busy.");
	boot.signedOut("You were signed out.");
	expect(boot.said).toBe("You were signed out.");
});

describe("a page that stands open", () => {
	test.each([
		["unclaimed", "claim"],
		["recovery_required", "recovery"],
		["ready", "sign_in"],
	] as const)("follows when the NAS becomes %s", async (state, stage) => {
		answers({ "/status": status("ready") });
		await boot.start();
		answers({ "/status": status(state) });
		boot.suit({ state, visitor: "stranger" });
		await vi.waitFor(() => expect(boot.stage).toBe(stage));
	});
});
