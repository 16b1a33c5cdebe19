import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cancelled, noContact, Problem } from "../api/problem";
import type { NetworkChange } from "../api/types";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), put: vi.fn(), delete: vi.fn() } }));
vi.mock("../api/client", () => ({ api }));

const { Waiting } = await import("./waiting.svelte");

const change = (more: Partial<NetworkChange> = {}): NetworkChange => ({
	state: "waiting",
	interface: "eth0",
	by: "marta",
	expires_in: 40,
	reason: "",
	urls: ["https://attic-nas.local:8001", "https://192.0.2.20:8001"],
	...more,
});

const at = (hostname: string) => vi.stubGlobal("location", { hostname });

beforeEach(() => {
	for (const call of Object.values(api)) call.mockReset();
	vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
	at("192.0.2.50");
});

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

test("it counts down between what the NAS tells", () => {
	const waiting = new Waiting(change());
	vi.advanceTimersByTime(3000);
	expect(waiting.left).toBe(37);
	vi.advanceTimersByTime(50_000);
	expect(waiting.left).toBe(0);
});

test("a page that was opened at the new address can keep it", async () => {
	at("192.0.2.20");
	const waiting = new Waiting(change());
	expect([waiting.here, waiting.links]).toEqual([true, ["https://attic-nas.local:8001"]]);
	api.put.mockResolvedValueOnce({ interface: "eth0" });
	expect(await waiting.keep()).toBe(true);
});

test("elsewhere the places come first where it is kept, addresses before names", () => {
	const waiting = new Waiting(change());
	expect(waiting.here).toBe(false);
	expect(waiting.links).toEqual(["https://192.0.2.20:8001", "https://attic-nas.local:8001"]);
});

test("that a page proves nothing is explained, and is no fault", async () => {
	const waiting = new Waiting(change());
	api.put.mockRejectedValueOnce(
		new Problem({ status: 409, code: "confirmed_elsewhere", detail: "Elsewhere." }),
	);
	expect(await waiting.keep()).toBe(false);
	expect([waiting.elsewhere, waiting.refusal]).toEqual(["Elsewhere.", ""]);
});

test("what is over already is nothing to wait for", async () => {
	const waiting = new Waiting(change());
	api.put.mockRejectedValueOnce(new Problem({ status: 410, code: "no_network_change", detail: "Over." }));
	expect(await waiting.keep()).toBe(true);
});

test.each([cancelled(), noContact()])(
	"going back from an address that goes with it is not waited for",
	async (thrown) => {
		const waiting = new Waiting(change());
		api.delete.mockRejectedValueOnce(thrown);
		expect(await waiting.goBack()).toBe(false);
		expect([waiting.leaving, waiting.refusal, waiting.busy]).toEqual([true, "", ""]);
		waiting.take(change({ expires_in: 30 }));
		expect(waiting.leaving).toBe(false);
	},
);

test("keeping it without an answer can be tried again", async () => {
	const waiting = new Waiting(change());
	api.put.mockRejectedValueOnce(noContact());
	expect(await waiting.keep()).toBe(false);
	expect([waiting.leaving, waiting.refusal]).toEqual([
		false,
		"The NAS did not answer. Try again while the time lasts.",
	]);
});
