import { beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), delete: vi.fn(), use: vi.fn() } }));
vi.mock("../api/client", () => ({ api }));

const { nas } = await import("../status.svelte");
const { session } = await import("../session/session.svelte");
const { FirstRun } = await import("./claim.svelte");

const clock = {
	now: "",
	zone: "UTC",
	state: "synced",
	level: "ok",
	offset_ms: 0,
	message: "",
	reason: "in_step",
	trusted: true,
	advice: "",
} as const;
const step = { next: "claim", token: "t", expires_in: 300, password_min: 15 } as const;

function start(again = false, anew = false) {
	nas.data = {
		state: "unclaimed",
		mail: "off",
		visitor: "half_way",
		nas_name: "attic-nas",
		clock,
		fingerprint: "AA",
		claim: { button: true, local: true, again, anew, label: !anew },
	};
	const run = new FirstRun();
	run.proved(step, "");
	run.shown = "Lena Vogt";
	run.name = "lena";
	run.password = "four words make one";
	return run;
}

const refusal = (status: number, code: string, fields?: { name: string; code: string; detail: string }[]) =>
	new Problem({ status, code, detail: "A sentence.", fields });

beforeEach(() => {
	api.get.mockReset();
	api.post.mockReset();
	session.forget();
});

describe("the claim", () => {
	test("asks for the name of the NAS only the first time", () => {
		expect(start(false).steps).toEqual(["proof", "account", "nas", "two_step"]);
		expect(start(true).steps).toEqual(["proof", "account", "two_step"]);
	});

	test("asks for it again where the button began the NAS anew, and points to no label", () => {
		const run = start(false, true);
		expect(run.steps).toEqual(["proof", "account", "nas", "two_step"]);
		expect([run.anew, run.label]).toEqual([true, false]);
	});

	test("sends no name and no zone for a NAS that was reset", async () => {
		const run = start(true);
		api.post.mockResolvedValueOnce({});
		api.get.mockResolvedValueOnce({ me: { name: "lena" }, token: "t", idle_in: 1, ends_in: 1 });
		await run.claim();
		expect(api.post.mock.calls[0]?.[1]).not.toHaveProperty("nas_name");
		expect(run.step).toBe("two_step");
		expect(run.password).toBe("");
	});

	test("leads back to the account when the fault is there", async () => {
		const run = start();
		run.step = "nas";
		api.post.mockRejectedValueOnce(
			refusal(422, "invalid", [{ name: "password", code: "blocklisted", detail: "Too common." }]),
		);
		await run.claim();
		expect(run.step).toBe("account");
		expect(run.faults.password).toBe("Too common.");
		expect(run.refusal).toBe("");
	});

	test("is lost when another browser was faster", async () => {
		const run = start();
		api.post.mockRejectedValueOnce(refusal(409, "conflict"));
		await run.claim();
		expect(run.lost).toBe(true);
	});

	test("begins anew when the proof is too old", async () => {
		const run = start();
		api.post.mockRejectedValueOnce(refusal(401, "sign_in_expired"));
		await run.claim();
		expect(run.step).toBe("proof");
		expect(run.refusal).toBe("A sentence.");
	});

	test("takes no account without a good password", () => {
		const run = start();
		run.password = "short";
		expect(run.accountDone()).toBe(false);
		expect(run.faults.password).not.toBe("");
	});
});
