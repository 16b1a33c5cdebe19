import { beforeEach, describe, expect, test, vi } from "vitest";
import { cancelled, Problem } from "../../api/problem";
import type { Time } from "../../api/types";
import { movedBy, serverFault, TimePage } from "./timekeeping.svelte";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), post: vi.fn(), put: vi.fn() } }));
vi.mock("../../api/client", () => ({ api }));
vi.mock("../../status.svelte", () => ({ nas: { reload: () => Promise.resolve() } }));
vi.mock("../../desktop/health.svelte", () => ({ health: { reload: () => undefined } }));

const { toasts } = await import("../../desktop/toasts.svelte");

const server = (host: string) => ({ host, protocol: "ntp" as const, enabled: true });

const settings = {
	servers: [server("a.example"), server("b.example")],
	verified_only: false,
	set_system_clock: false,
};

const time = (more: Partial<Time> = {}): Time => ({
	clock: {
		now: "2026-11-21T13:07:26.000Z",
		zone: "Europe/Berlin",
		state: "synced",
		reason: "in_step",
		trusted: true,
		level: "ok",
		offset_ms: -1500,
		message: "",
		advice: "",
	},
	system: "2026-11-21T13:07:24.500Z",
	uncertainty_ms: 12,
	agreeing: 2,
	answering: 2,
	servers: [],
	settings,
	keeper: { who: "castellan", synchronised: true, may_set: true, detail: "" },
	...more,
});

let page: TimePage;

beforeEach(async () => {
	for (const call of Object.values(api)) call.mockReset();
	toasts.clear();
	api.get.mockResolvedValue(time());
	page = new TimePage();
	await page.resource.reload();
});

test("the clock of the NAS is told apart from trusted time", () => {
	expect(page.offset).toBe(-1500);
});

test("a change sends all of the settings, and can be taken back", async () => {
	api.put.mockResolvedValueOnce(time({ settings: { ...settings, verified_only: true } }));
	await page.saveNow({ verified_only: true }, "verified", "Saved");
	expect(api.put).toHaveBeenLastCalledWith("/time", { ...settings, verified_only: true });
	expect(page.data?.settings.verified_only).toBe(true);
	api.put.mockResolvedValueOnce(time());
	toasts.list.at(-1)?.action?.run();
	await vi.waitFor(() => expect(page.data?.settings.verified_only).toBe(false));
	expect(api.put).toHaveBeenLastCalledWith("/time", settings);
});

test("only the newest change can be taken back", async () => {
	api.put.mockResolvedValue(time());
	await page.saveNow({ verified_only: true }, "verified", "One");
	await page.saveNow({ servers: [] }, "servers", "Other");
	expect(toasts.list.map((one) => one.title)).toEqual(["Other"]);
});

test("what was put off is no failure, and what was refused is told", async () => {
	api.put.mockRejectedValueOnce(cancelled());
	await page.saveNow({ verified_only: true }, "verified", "Saved");
	expect(toasts.list).toEqual([]);
	api.put.mockRejectedValueOnce(new Problem({ status: 422, code: "invalid", detail: "A sentence." }));
	await page.saveNow({ verified_only: true }, "verified", "Saved");
	expect(toasts.list.at(-1)).toMatchObject({ level: "bad", text: "A sentence." });
	expect(page.data?.settings).toEqual(settings);
});

test("the jump that was shown is the one that is accepted", async () => {
	api.post.mockResolvedValueOnce(time());
	expect(await page.accept(7_200_000)).toBeUndefined();
	expect(api.post).toHaveBeenLastCalledWith("/time/accept", { by_ms: 7_200_000 });
	expect(page.changes).toBe(1);
});

test("servers are moved up and down", () => {
	const hosts = (list: { host: string }[]) => list.map((one) => one.host);
	expect(hosts(movedBy(settings.servers, 1, -1))).toEqual(["b.example", "a.example"]);
	expect(hosts(movedBy(settings.servers, 0, 1))).toEqual(["b.example", "a.example"]);
	expect(hosts(settings.servers)).toEqual(["a.example", "b.example"]);
});

describe("what is no time server is said before it is sent", () => {
	test.each([
		["", "Enter the name"],
		["ntp://a.example", "Leave out"],
		["a example", "alone"],
		["user@a.example", "alone"],
		["A.example", "is on the list"],
	])("%j", (host, words) => {
		expect(serverFault(host, settings.servers)).toContain(words);
	});

	test.each(["time.example.org", "192.0.2.1:1123", "[2001:db8::1]:1123", "2001:db8::1"])(
		"but %s is one",
		(host) => {
			expect(serverFault(host, settings.servers)).toBe("");
		},
	);
});
