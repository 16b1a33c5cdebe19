import { beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { Setup } from "./setup.svelte";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), delete: vi.fn() } }));
vi.mock("../api/client", () => ({ api }));

const enrolment = {
	id: "device",
	name: "Phone",
	secret: "ABCDEFGH",
	uri: "otpauth://totp/x",
	account: "lena",
	qr: { size: 1, path: "" },
	expires_in: 600,
};

const refusal = (status: number, code: string, more = {}) =>
	new Problem({ status, code, detail: "A sentence.", ...more });

async function connected(): Promise<Setup> {
	const setup = new Setup();
	api.post.mockResolvedValueOnce(enrolment);
	await setup.connect();
	setup.name = "Phone";
	return setup;
}

beforeEach(() => {
	for (const call of Object.values(api)) call.mockReset();
});

describe("setting up 2-step verification", () => {
	test("goes back and forth with the same key", async () => {
		const setup = await connected();
		setup.at = 0;
		await setup.connect();
		expect(setup.at).toBe(1);
		expect(api.post).toHaveBeenCalledTimes(1);
	});

	test("sends nothing before there are six digits", async () => {
		const setup = await connected();
		setup.code = "123";
		expect(await setup.confirm()).toBe(false);
		expect(setup.codeFault).not.toBe("");
		expect(api.post).toHaveBeenCalledTimes(1);
	});

	test("shows what the NAS says about a wrong code, and stays", async () => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(401, "code_refused"));
		expect(await setup.confirm()).toBe(false);
		expect(setup.codeFault).toBe("A sentence.");
		expect(setup.at).toBe(1);
	});

	test("asks for a new key when the old one is gone", async () => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(410, "enrolment_gone"));
		await setup.confirm();
		expect(setup.lapsed).toBe(true);
		api.post.mockResolvedValueOnce({ ...enrolment, id: "other" });
		await setup.connect();
		expect(setup.lapsed).toBe(false);
		expect(setup.enrolment?.id).toBe("other");
	});

	test("waits as long as the NAS says", async () => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(429, "slow_down", { retry_in: 30 }));
		await setup.confirm();
		expect(setup.wait.left).toBe(30);
		expect(setup.refusal).toBe("A sentence.");
		await setup.confirm();
		expect(api.post).toHaveBeenCalledTimes(2);
	});

	test("is done with the first right code", async () => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockResolvedValueOnce({ two_step: { devices: [] }, sessions_ended: 2, token: "t" });
		expect(await setup.confirm()).toBe(true);
		expect(setup.at).toBe(2);
		await setup.cancel();
		expect(api.delete).not.toHaveBeenCalled();
	});

	test("forgets the key when it is left half way", async () => {
		const setup = await connected();
		api.delete.mockResolvedValueOnce(undefined);
		await setup.cancel();
		expect(api.delete).toHaveBeenCalledWith("/me/two-step/devices/{id}", { id: "device" });
	});
});
