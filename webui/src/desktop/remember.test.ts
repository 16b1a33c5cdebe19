import { afterEach, beforeEach, expect, test, vi } from "vitest";

const { api } = vi.hoisted(() => ({ api: { get: vi.fn(), put: vi.fn() } }));
vi.mock("../api/client", () => ({ api }));

const { session } = await import("../session/session.svelte");
const { theme } = await import("../theme.svelte");
const { memory } = await import("./remember.svelte");

const me = { id: "a", name: "lena", role: "administrator" } as never;

beforeEach(() => {
	vi.useFakeTimers();
	api.get.mockReset();
	api.put.mockReset();
	api.put.mockResolvedValue(undefined);
	session.me = me;
	theme.choose("auto");
});

afterEach(() => {
	memory.stop();
	vi.useRealTimers();
});

test("what was left on the NAS comes back and is not sent again", async () => {
	api.get.mockResolvedValue({ theme: "dark", windows: [] });
	await memory.load();
	expect(theme.choice).toBe("dark");
	memory.note(memory.now());
	await vi.advanceTimersByTimeAsync(60_000);
	expect(api.put).not.toHaveBeenCalled();
});

test("many changes are one save, five seconds after the last", async () => {
	api.get.mockResolvedValue({ theme: "dark", windows: [] });
	await memory.load();
	for (const choice of ["light", "auto", "light"] as const) {
		theme.choose(choice);
		memory.note(memory.now());
		await vi.advanceTimersByTimeAsync(4000);
	}
	expect(api.put).not.toHaveBeenCalled();
	await vi.advanceTimersByTimeAsync(1000);
	expect(api.put).toHaveBeenCalledTimes(1);
	expect(api.put.mock.calls[0]?.[1].theme).toBe("light");
});

test("a theme chosen at sign-in stays for somebody who was never here", async () => {
	theme.choose("dark");
	api.get.mockResolvedValue({ theme: "auto", windows: [] });
	await memory.load();
	expect(theme.choice).toBe("dark");
	await memory.flush();
	expect(api.put.mock.calls[0]?.[1].theme).toBe("dark");
});

test("nothing is saved before the old state was read", async () => {
	api.get.mockRejectedValue(new Error("no answer"));
	await memory.load();
	await memory.flush();
	expect(api.put).not.toHaveBeenCalled();
});
