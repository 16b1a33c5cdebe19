import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { Press, type PressAnswer } from "./press.svelte";

const ask = vi.fn<() => Promise<PressAnswer>>();
const look = vi.fn<(signal: AbortSignal) => Promise<PressAnswer>>();
const waiting: PressAnswer = { state: "waiting", expires_in: 60 };
let press: Press;

const refusal = (status: number, code: string, more = {}) =>
	new Problem({ status, code, detail: "A sentence.", ...more });
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

beforeEach(() => {
	vi.useFakeTimers();
	ask.mockReset().mockResolvedValue(waiting);
	look.mockReset().mockResolvedValue(waiting);
	press = new Press({ ask, look });
});

afterEach(() => {
	press.end();
	vi.useRealTimers();
});

test("nobody waits before somebody begins", () => {
	expect(press.state).toBe("idle");
	expect(ask).not.toHaveBeenCalled();
});

test("a wait asks every second until the press has come", async () => {
	await press.begin();
	expect(press.state).toBe("waiting");
	expect([press.left, press.part]).toEqual([60, 1]);
	look.mockResolvedValue({ state: "waiting", expires_in: 30 });
	await seconds(2);
	expect(press.part).toBeCloseTo(0.5, 1);
	look.mockResolvedValue({ state: "confirmed", expires_in: 60 });
	await seconds(2);
	expect(press.state).toBe("confirmed");
	const asked = look.mock.calls.length;
	await seconds(5);
	expect(look.mock.calls.length).toBe(asked);
});

test.each(["dropped", "expired"] as const)("a wait that was %s can be begun again", async (state) => {
	await press.begin();
	look.mockResolvedValue({ state, expires_in: 0 });
	await seconds(2);
	expect(press.state).toBe(state);
	await press.begin();
	expect(press.state).toBe("waiting");
	expect(ask).toHaveBeenCalledTimes(2);
});

test("a wait that the NAS knows no longer has expired", async () => {
	await press.begin();
	look.mockRejectedValue(refusal(410, "wait_gone"));
	await seconds(2);
	expect(press.state).toBe("expired");
});

test("the question that is under way is dropped with the wait", async () => {
	look.mockReturnValue(new Promise(() => undefined));
	await press.begin();
	const signal = look.mock.lastCall?.[0];
	expect(signal?.aborted).toBe(false);
	press.end();
	expect(signal?.aborted).toBe(true);
});

test("nothing is asked while another way is tried, and a refusal of it lets the wait go on", async () => {
	await press.begin();
	await seconds(1);
	const asked = look.mock.calls.length;
	let answer: (thrown: unknown) => void = () => undefined;
	const refused = expect(press.beside(() => new Promise((_, refuse) => (answer = refuse)))).rejects.toThrow(
		"A sentence.",
	);
	await seconds(5);
	expect([look.mock.calls.length, press.state]).toEqual([asked, "waiting"]);
	answer(refusal(401, "sign_in_refused"));
	await refused;
	look.mockResolvedValue({ state: "confirmed", expires_in: 60 });
	await seconds(2);
	expect(press.state).toBe("confirmed");
});

test("a wait that was about to begin begins after another way was refused", async () => {
	let begun: (answer: PressAnswer) => void = () => undefined;
	ask.mockReturnValueOnce(new Promise((done) => (begun = done)));
	press.begin();
	await seconds(0);
	await expect(press.beside(() => Promise.reject(refusal(401, "sign_in_refused")))).rejects.toThrow();
	begun(waiting);
	await seconds(1);
	expect([press.state, ask.mock.calls.length]).toEqual(["waiting", 2]);
});

test("nothing is asked any more once another way has led on", async () => {
	await press.begin();
	expect(await press.beside(() => Promise.resolve("in"))).toBe("in");
	const asked = look.mock.calls.length;
	await seconds(5);
	expect(look.mock.calls.length).toBe(asked);
});

test("a wait goes on while the NAS is out of reach", async () => {
	await press.begin();
	look.mockRejectedValueOnce(refusal(0, "no_contact"));
	await seconds(1);
	expect(press.state).toBe("waiting");
	look.mockResolvedValue({ state: "confirmed", expires_in: 60 });
	await seconds(2);
	expect(press.state).toBe("confirmed");
});

test("a refused wait says why", async () => {
	ask.mockRejectedValueOnce(refusal(409, "no_button"));
	await press.begin();
	expect(press.state).toBe("refused");
	expect(press.problem?.message).toBe("A sentence.");
});

test.each([
	["not_local", 403, true],
	["way_closed", 403, true],
	["no_button", 409, false],
	["no_contact", 0, false],
])("after %s (%i) it is known whether to try again", async (code, status, closed) => {
	ask.mockRejectedValueOnce(refusal(status, code));
	await press.begin();
	expect([press.state, press.closed]).toEqual(["refused", closed]);
});

test("where too many wait, another try waits as long as the NAS says", async () => {
	ask.mockRejectedValueOnce(refusal(429, "slow_down", { retry_in: 120 }));
	await press.begin();
	expect([press.state, press.pause.left]).toEqual(["refused", 120]);
	await seconds(120);
	expect(press.pause.left).toBe(0);
});

test("an answer that comes after the wait was left changes nothing", async () => {
	let late: (answer: PressAnswer) => void = () => undefined;
	await press.begin();
	look.mockImplementation(() => new Promise((done) => (late = done)));
	await seconds(2);
	press.end();
	late({ state: "confirmed", expires_in: 60 });
	await seconds(1);
	expect(press.state).toBe("waiting");
});

test("a press that was for two is dropped also when it is made use of", async () => {
	await press.begin();
	press.refuse(refusal(410, "wait_dropped"));
	expect(press.state).toBe("dropped");
	press.refuse(refusal(409, "not_pressed"));
	expect(press.state).toBe("refused");
});

describe("a page that nobody looks at", () => {
	const sight = vi.spyOn(document, "visibilityState", "get");
	const hidden = vi.spyOn(document, "hidden", "get");
	function show(state: DocumentVisibilityState) {
		sight.mockReturnValue(state);
		hidden.mockReturnValue(state === "hidden");
		document.dispatchEvent(new Event("visibilitychange"));
	}
	afterEach(() => show("visible"));

	// R140 (f): after a reset every forgotten tab would otherwise wait beside the one that somebody looks at.
	test("begins no wait until it is seen", async () => {
		show("hidden");
		press.begin();
		await seconds(30);
		expect([press.state, ask.mock.calls.length]).toEqual(["starting", 0]);
		show("visible");
		await seconds(0);
		expect([press.state, ask.mock.calls.length]).toEqual(["waiting", 1]);
	});

	test("begins none after it was left", async () => {
		show("hidden");
		press.begin();
		press.end();
		show("visible");
		await seconds(5);
		expect(ask).not.toHaveBeenCalled();
	});

	test("goes on with a wait that was begun: a phone locks its screen", async () => {
		await press.begin();
		show("hidden");
		await seconds(20);
		look.mockResolvedValue({ state: "confirmed", expires_in: 60 });
		await seconds(2);
		expect(press.state).toBe("confirmed");
	});
});
