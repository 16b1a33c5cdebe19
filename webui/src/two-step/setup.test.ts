import { beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import type { Me } from "../api/types";
import { session } from "../session/session.svelte";
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
	recovery_codes: ["AAAA-BBBB", "CCCC-DDDD"],
};

const sent = { sent: true, to: "l•••@e•••.org", resend_in: 60, expires_in: 600 };
const on = { two_step: { devices: [] }, sessions_ended: 2, token: "t" };

vi.mock("../status.svelte", () => ({
	nas: { data: { clock: { state: "synced", trusted: true } }, name: "nas" },
}));

const refusal = (status: number, code: string, more = {}) =>
	new Problem({ status, code, detail: "A sentence.", ...more });

/** As far as the key, with the recovery codes saved. */
async function connected(made: object = enrolment): Promise<Setup> {
	const setup = new Setup();
	api.post.mockResolvedValueOnce(made);
	await setup.next();
	if (setup.step === "codes") {
		setup.saved = true;
		await setup.next();
	}
	setup.name = "Phone";
	return setup;
}

async function mailed(): Promise<Setup> {
	const setup = new Setup();
	setup.way = "email";
	setup.email = { on: false, available: true, detail: "", address: "lena@example.org" };
	api.post.mockResolvedValueOnce({ sent, recovery_codes: ["AAAA-BBBB"] });
	await setup.next();
	setup.saved = true;
	await setup.next();
	return setup;
}

/** What the NAS says of somebody who has these devices. */
const there = (...names: string[]) => ({
	devices: names.map((name) => ({ id: name, name, added: "2026-01-01T00:00:00Z", set_up_again: false })),
	most_devices: 5,
	email: { on: false, available: false, detail: "No mail server.", address: "" },
});

beforeEach(() => {
	session.forget();
	for (const call of Object.values(api)) call.mockReset();
	api.get.mockResolvedValue({ me: {}, idle_in: 1, ends_in: 1 });
});

describe("setting up 2-step verification", () => {
	test("goes on only when the recovery codes are said to be saved", async () => {
		const setup = new Setup();
		api.post.mockResolvedValueOnce(enrolment);
		await setup.next();
		expect(setup.step).toBe("codes");
		expect(setup.codes).toEqual(enrolment.recovery_codes);
		await setup.next();
		expect(setup.step).toBe("codes");
		setup.saved = true;
		await setup.next();
		expect(setup.step).toBe("connect");
	});

	test("has no page for recovery codes where none came", async () => {
		const setup = await connected({ ...enrolment, recovery_codes: undefined });
		expect(setup.step).toBe("connect");
		expect(setup.steps).toEqual(["way", "connect", "done"]);
		setup.code = "123456";
		api.post.mockResolvedValueOnce(on);
		await setup.next();
		expect(api.post.mock.lastCall?.[1]).toEqual({ code: "123456", name: "Phone" });
	});

	test("goes back and forth with the same key", async () => {
		const setup = await connected();
		setup.back();
		expect(setup.step).toBe("codes");
		setup.back();
		expect(setup.step).toBe("way");
		await setup.next();
		expect(setup.step).toBe("connect");
		expect(api.post).toHaveBeenCalledTimes(1);
	});

	test("begins anew when another way is chosen", async () => {
		const setup = await connected();
		setup.back();
		setup.back();
		setup.way = "email";
		setup.email = { on: false, available: true, detail: "", address: "lena@example.org" };
		api.post.mockResolvedValueOnce({ sent, recovery_codes: ["EEEE-FFFF"] });
		await setup.next();
		expect(setup.step).toBe("codes");
		expect(setup.codes).toEqual(["EEEE-FFFF"]);
		expect(setup.saved).toBe(false);
		expect(setup.enrolment).toBeUndefined();
	});

	test("sends nothing before there are six digits", async () => {
		const setup = await connected();
		setup.code = "123";
		expect(await setup.confirm()).toBe(false);
		expect(setup.codeFault).not.toBe("");
		expect(api.post).toHaveBeenCalledTimes(1);
	});

	test.each([
		[401, "code_refused"],
		[422, "code_wrong"],
	])("shows what the NAS says about a wrong code (%i %s), and stays", async (status, code) => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(status, code));
		expect(await setup.confirm()).toBe(false);
		expect(setup.codeFault).toBe("A sentence.");
		expect(setup.step).toBe("connect");
	});

	test("asks for a new key when the old one is gone, and for the new codes to be saved", async () => {
		const setup = await connected();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(410, "enrolment_gone"));
		await setup.confirm();
		expect(setup.lapsed).toBe(true);
		api.post.mockResolvedValueOnce({ ...enrolment, id: "other" });
		await setup.begin();
		expect(setup.lapsed).toBe(false);
		expect(setup.enrolment?.id).toBe("other");
		expect(setup.step).toBe("codes");
		expect(setup.replaced).toBe(true);
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
		api.post.mockResolvedValueOnce(on);
		expect(await setup.confirm()).toBe(true);
		expect(api.post.mock.lastCall?.[1]).toEqual({ code: "123456", name: "Phone", saved: true });
		expect(setup.step).toBe("done");
		await setup.cancel();
		expect(api.delete).not.toHaveBeenCalled();
	});

	test("is done with the code that came by e-mail", async () => {
		const setup = await mailed();
		expect(setup.mailed.left).toBe(60);
		setup.code = "123456";
		api.post.mockResolvedValueOnce(on);
		expect(await setup.confirm()).toBe(true);
		expect(api.post).toHaveBeenLastCalledWith("/me/two-step/email/confirmation", {
			code: "123456",
			saved: true,
		});
	});

	test("keeps the recovery codes that were saved when another mail is asked for", async () => {
		const setup = await mailed();
		setup.mailed.take({ ...sent, resend_in: 0 });
		api.post.mockResolvedValueOnce({ sent });
		await setup.resend();
		expect(setup.step).toBe("connect");
		expect(setup.codes).toEqual(["AAAA-BBBB"]);
		expect(setup.saved).toBe(true);
		expect(setup.replaced).toBe(false);
	});

	test("forgets what was begun when it is left half way", async () => {
		const setup = await connected();
		api.delete.mockResolvedValueOnce(undefined);
		await setup.cancel();
		expect(api.delete).toHaveBeenCalledWith("/me/two-step/enrolment");
	});
});

// R140: after a press of the button somebody has devices already, one of them under the name that would be chosen.
describe("adding a device before the desktop", () => {
	const five = there("One", "Two", "Three", "Four", "Five");

	beforeEach(() => {
		session.me = { name: "marta", display_name: "Marta Lind", two_step: true } as Me;
		api.post.mockResolvedValue({ ...enrolment, recovery_codes: undefined });
	});

	test("chooses a name that is free, also when nobody asked for the list before", async () => {
		api.get.mockResolvedValue(there("Marta’s phone"));
		const setup = new Setup();
		await setup.next();
		expect(api.post).toHaveBeenCalledWith("/me/two-step/devices", { name: "Marta’s phone 2" });
		expect(setup.step).toBe("connect");
	});

	test("asks for a name when the one it chose is refused all the same", async () => {
		const fields = [{ name: "name", code: "taken", detail: "Choose another." }];
		api.get.mockResolvedValue(there("Tablet"));
		const setup = new Setup();
		api.post.mockRejectedValueOnce(refusal(409, "name_taken", { fields }));
		await setup.next();
		expect([setup.step, setup.asksName, setup.nameFault]).toEqual(["way", true, "Choose another."]);
		setup.name = "Spare phone";
		await setup.load();
		await setup.next();
		expect(api.post).toHaveBeenLastCalledWith("/me/two-step/devices", { name: "Spare phone" });
		expect(setup.step).toBe("connect");
	});

	test("wants one of five devices removed first, and goes on then", async () => {
		api.get.mockResolvedValue(five);
		const setup = new Setup();
		await setup.next();
		expect(api.post).not.toHaveBeenCalled();
		expect([setup.step, setup.full, setup.blocked]).toEqual(["way", true, true]);
		setup.take(there("One", "Two", "Three", "Four") as never);
		expect([setup.full, setup.blocked]).toEqual([false, false]);
		await setup.next();
		expect(setup.step).toBe("connect");
	});

	test("comes back to the list when the fifth device came from elsewhere meanwhile", async () => {
		api.get.mockResolvedValue(there("One"));
		const setup = new Setup();
		await setup.next();
		setup.code = "123456";
		api.get.mockResolvedValue(five);
		api.post.mockRejectedValueOnce(refusal(409, "too_many_devices"));
		await setup.confirm();
		await vi.waitFor(() => expect(setup.full).toBe(true));
		expect([setup.step, setup.refusal]).toEqual(["way", "A sentence."]);
	});

	test("takes the place of a device that has to be set up again", async () => {
		const { devices, ...rest } = five;
		api.get.mockResolvedValue({
			...rest,
			devices: devices.map((one) => ({ ...one, set_up_again: one.id === "Two" })),
		});
		const setup = new Setup();
		await setup.next();
		expect(setup.full).toBe(false);
		expect(api.post).toHaveBeenCalledWith("/me/two-step/devices", { name: "Two" });
	});

	test("says why the list cannot be read", async () => {
		api.get.mockRejectedValue(refusal(0, "no_contact"));
		const setup = new Setup();
		await setup.next();
		expect([setup.step, setup.refusal]).toEqual(["way", "A sentence."]);
		expect(api.post).not.toHaveBeenCalled();
	});

	test("is done when the answer to the first right code was lost on its way", async () => {
		api.get.mockResolvedValue(there());
		const setup = new Setup();
		await setup.next();
		setup.code = "123456";
		api.post.mockRejectedValueOnce(refusal(409, "already_confirmed"));
		expect(await setup.confirm()).toBe(true);
		expect(setup.step).toBe("done");
	});
});
