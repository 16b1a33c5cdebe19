import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cancelled, noContact, Problem } from "../api/problem";
import type { InterfaceSettings, NetworkChange } from "../api/types";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), put: vi.fn(), delete: vi.fn() } }));
vi.mock("../api/client", () => ({ api }));

const { announced, confirm, keepHere, Trial, tryOut } = await import("./trial.svelte");

const automatic: InterfaceSettings = {
	interface: "eth0",
	ipv4: { method: "automatic" },
	ipv6: { method: "automatic" },
	dns: [],
	search: [],
	mtu: 0,
};
const manual: InterfaceSettings = {
	...automatic,
	ipv4: { method: "manual", address: "192.0.2.20", prefix: 24 },
};

const change = (more: Partial<NetworkChange> = {}): NetworkChange => ({
	state: "waiting",
	interface: "eth0",
	by: "marta",
	expires_in: 60,
	reason: "",
	urls: ["https://192.0.2.20:8001", "https://attic-nas.local:8001"],
	...more,
});

/** At the address 192.0.2.50, while nothing else is said. */
const at = (hostname: string) => vi.stubGlobal("location", { hostname });
const begun = (more: Partial<NetworkChange> = {}, to = manual, from = automatic) =>
	new Trial({ change: change(more), token: "t0ken", warning: "" }, to, from);
const refused = (code: string, retry_in?: number) =>
	new Problem({ status: 409, code, detail: "Elsewhere.", retry_in });

beforeEach(() => {
	for (const call of Object.values(api)) call.mockReset();
	vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
	at("192.0.2.50");
});

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

test("the page of the new address gets what keeps the change behind its #", () => {
	const trial = begun();
	expect(trial.stays).toBe(false);
	expect(trial.links[0]).toEqual({
		url: "https://192.0.2.20:8001/#network=t0ken",
		name: "https://192.0.2.20:8001",
	});
});

test("an address that is only asked for is not taken for the one of now", () => {
	at("192.0.2.20");
	const trial = begun({}, automatic, manual);
	expect(trial.links.map(({ name }) => name)).toEqual(["https://attic-nas.local:8001"]);
	expect(trial.stays).toBe(false);
	vi.advanceTimersByTime(5000);
	trial.take(change({ expires_in: 55, urls: ["https://192.0.2.50:8001"] }));
	expect(trial.links.map(({ name }) => name)).toEqual(["https://192.0.2.50:8001"]);
});

test("a page that came by a name, or at an address that stays, can keep the change itself", () => {
	at("attic-nas.local");
	expect(begun().keepable).toBe(true);
	at("[2001:db8::5]");
	expect(begun({ urls: ["https://[2001:db8::5]:8001"] }).keepable).toBe(true);
});

test("elsewhere that is offered only when the NAS still answers after a while", () => {
	const trial = begun();
	expect(trial.keepable).toBe(false);
	vi.advanceTimersByTime(5000);
	expect(trial.keepable).toBe(true);
	trial.reached = false;
	expect(trial.keepable).toBe(false);
});

test("where the addresses stay, so does the page", () => {
	at("10.8.0.5"); // behind a router that has the NAS appear at another address
	const trial = begun({}, { ...automatic, search: ["attic.example"] });
	expect([trial.moves, trial.stays, trial.keepable]).toEqual([false, true, true]);
	const gateway = { ...manual, ipv4: { ...manual.ipv4, gateway: "192.0.2.9" } };
	const other = begun({}, gateway, manual);
	expect([other.moves, other.stays]).toEqual([false, false]);
	expect(begun().moves).toBe(true);
});

describe("what became of it", () => {
	test("is not known while nothing answers, and then looked for", async () => {
		const trial = begun();
		api.get.mockRejectedValue(noContact());
		await trial.look();
		expect([trial.reached, trial.stage]).toEqual([false, "waiting"]);
		vi.advanceTimersByTime(60_000);
		expect([trial.stage, trial.missing]).toEqual(["overdue", false]);
		vi.advanceTimersByTime(20_000);
		expect(trial.missing).toBe(true);
		api.get.mockResolvedValueOnce(
			change({ state: "went_back", reason: "Nobody confirmed it within 60 seconds." }),
		);
		await trial.look();
		expect([trial.stage, trial.reason]).toEqual(["went_back", "Nobody confirmed it within 60 seconds."]);
	});

	test("is that it went back where the NAS knows of none", () => {
		const trial = begun();
		trial.take(change({ state: "none", interface: "", urls: [] }));
		expect(trial.stage).toBe("went_back");
	});

	test("is that it was kept elsewhere", () => {
		const trial = begun();
		trial.take(change({ state: "kept" }));
		expect([trial.stage, trial.here]).toEqual(["kept", false]);
	});
});

describe("keeping it here", () => {
	test("ends it", async () => {
		const trial = begun();
		api.post.mockResolvedValueOnce({ interface: "eth0" });
		await trial.keep();
		expect(api.post.mock.calls[0]?.slice(0, 2)).toEqual(["/network/confirmation", { token: "t0ken" }]);
		expect([trial.stage, trial.here]).toEqual(["kept", true]);
	});

	test("over another address is explained, and not offered again", async () => {
		const trial = begun();
		api.post.mockRejectedValueOnce(refused("confirmed_elsewhere"));
		await trial.keep();
		expect([trial.stage, trial.elsewhere, trial.keepable]).toEqual(["waiting", "Elsewhere.", false]);
	});

	test("without an answer is left to the countdown", async () => {
		const trial = begun();
		api.post.mockRejectedValueOnce(noContact());
		await trial.keep();
		expect([trial.reached, trial.refusal]).toEqual([false, ""]);
	});
});

test("going back by hand says what came of it", async () => {
	const trial = begun();
	api.delete.mockResolvedValueOnce(change({ state: "went_back", reason: "It was taken back by hand." }));
	await trial.goBack();
	expect([trial.stage, trial.reason]).toEqual(["went_back", "It was taken back by hand."]);
});

test("an address that goes when it goes back is not waited for", async () => {
	const trial = begun();
	api.delete.mockRejectedValueOnce(cancelled());
	await trial.goBack();
	expect([trial.stage, trial.leaving, trial.missing]).toEqual(["overdue", true, false]);
	// It never arrived, so there is something to decide again.
	trial.take(change({ expires_in: 50 }));
	expect([trial.stage, trial.leaving]).toEqual(["waiting", false]);
});

test("an administrator keeps it without its token", async () => {
	api.put.mockResolvedValueOnce({ interface: "eth0" });
	await keepHere();
	expect(api.put.mock.calls[0]?.[0]).toBe("/network/change");
});

test("while it is still being made, keeping is tried again", async () => {
	api.post
		.mockRejectedValueOnce(refused("confirmed_elsewhere", 1))
		.mockResolvedValueOnce({ interface: "eth0" });
	const done = confirm("t0ken");
	await vi.advanceTimersByTimeAsync(1000);
	await done;
	expect(api.post).toHaveBeenCalledTimes(2);
});

test("the countdown is told twice, not each second", () => {
	const told = Array.from({ length: 61 }, (_, left) => announced(left));
	expect(new Set(told)).toEqual(new Set(["", "10 seconds left.", "30 seconds left."]));
});

test("a change whose answer was lost is found again, and kept by signing in", async () => {
	api.post.mockRejectedValueOnce(noContact());
	api.get.mockRejectedValueOnce(noContact()).mockResolvedValueOnce(change());
	const coming = tryOut(manual, automatic);
	await vi.advanceTimersByTimeAsync(300);
	const trial = await coming;
	expect(trial.stage).toBe("waiting");
	expect(trial.signIn).toBe(true);
	expect(trial.links[0]?.url).toBe("https://192.0.2.20:8001/");
	api.put.mockResolvedValueOnce({ interface: "eth0" });
	await trial.keep();
	expect(api.put).toHaveBeenCalledOnce();
	expect(trial.stage).toBe("kept");
});

test("where no change was begun, or of another interface, that nothing answered is said", async () => {
	api.post.mockRejectedValue(noContact());
	api.get.mockResolvedValue(change({ interface: "eth1" }));
	const coming = expect(tryOut(manual, automatic)).rejects.toMatchObject({ code: "no_contact" });
	await vi.advanceTimersByTimeAsync(2000);
	await coming;
});
