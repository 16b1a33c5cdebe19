import { beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../../api/problem";

const { api } = vi.hoisted(() => ({ api: { post: vi.fn() } }));
vi.mock("../../api/client", () => ({ api }));

const { Import } = await import("./import.svelte");
const { cell, report, summary } = await import("./report");

const line = (number: number, name: string, more = {}) => ({
	line: number,
	name,
	display_name: "",
	email: "",
	group: "",
	invited: false,
	...more,
});
const lines = [line(1, "ines"), line(2, "jonas"), line(3, "Jonas", { problem: "Taken." }), line(4, "lena")];
const made = { user: {}, password: "a-b-c", expires_in: 72 * 3600 };
const refused = (status: number, code: string, more = {}) =>
	new Problem({ status, code, detail: `${code}.`, ...more });

async function looked() {
	const list = new Import();
	list.text = "whoever";
	api.post.mockResolvedValueOnce({ lines, new_groups: ["family"] });
	await list.read();
	return list;
}

const names = () => api.post.mock.calls.slice(1).map(([, body]) => body.name);

beforeEach(() => {
	api.post.mockReset();
	vi.useRealTimers();
});

test("lines with a problem stay in sight and are left out", async () => {
	const list = await looked();
	expect(list.stage).toBe("look");
	expect(list.bad).toBe(1);
	api.post.mockResolvedValue(made);
	await list.run();
	expect(names()).toEqual(["ines", "jonas", "lena"]);
	expect(list.entries.map((one) => one.state)).toEqual(["added", "added", "left_out", "added"]);
	expect(list.passwords).toHaveLength(3);
});

test("somebody who cannot be added keeps nobody else out", async () => {
	const list = await looked();
	const fields = [{ name: "name", code: "taken", detail: "This user name is taken." }];
	api.post.mockResolvedValueOnce(made).mockRejectedValueOnce(refused(409, "taken", { fields }));
	api.post.mockResolvedValue(made);
	await list.run();
	expect(list.entries[1]).toMatchObject({ state: "failed", why: "This user name is taken." });
	expect(list.added).toHaveLength(2);
	expect(list.ended).toBe("");
});

test("a NAS that asks for time gets it, and then the same person again", async () => {
	const list = await looked();
	vi.useFakeTimers();
	api.post.mockRejectedValueOnce(refused(503, "busy", { retry_in: 5 })).mockResolvedValue(made);
	const done = list.run();
	await vi.advanceTimersByTimeAsync(2000);
	expect(list.pause).toBeGreaterThan(0);
	await vi.advanceTimersByTimeAsync(60_000);
	await done;
	expect(names()).toEqual(["ines", "ines", "jonas", "lena"]);
});

test("stopping lets the one that is being added be finished, and nobody after", async () => {
	const list = await looked();
	api.post.mockImplementation(async () => {
		list.stop();
		return made;
	});
	await list.run();
	expect(list.entries.map((one) => one.state)).toEqual(["added", "waiting", "left_out", "waiting"]);
	expect(list.ended).toBe("You stopped it.");
});

test("a question without an answer is not asked twice", async () => {
	const list = await looked();
	api.post.mockRejectedValue(new Problem({ status: 0, code: "no_contact", detail: "No contact." }));
	await list.run();
	expect(names()).toEqual(["ines"]);
	expect(list.entries[0]?.why).toContain("Look in the list");
	expect(list.ended).toBe("No contact.");
});

test("whoever would rather not prove who they are comes back to the list", async () => {
	const list = await looked();
	api.post.mockRejectedValue(new Problem({ status: 0, code: "cancelled", detail: "Nothing was changed." }));
	await list.run();
	expect(list.stage).toBe("look");
	expect(list.ended).toBe("You stopped it.");
	api.post.mockResolvedValue(made);
	await list.run();
	expect(list.stage).toBe("done");
	expect(list.ended).toBe("");
	expect(list.added).toHaveLength(3);
});

test("a file that is no UTF-8 text is refused with what to do", async () => {
	const list = new Import();
	await list.take(new File([new Uint8Array([0x49, 0x6e, 0xea, 0x73])], "people.csv"));
	expect(list.fault).toContain("CSV UTF-8");
	expect(list.stage).toBe("choose");
	expect(api.post).not.toHaveBeenCalled();
});

test.each(["=1+1", "+49 30", "-2", "@sum", "\tx"])("no program takes the cell “%s” for a formula", (text) => {
	expect(cell(text)).toBe(`"'${text}"`);
});

test("the report names every line and holds no password", async () => {
	const list = await looked();
	api.post.mockResolvedValue(made);
	await list.run();
	const text = report(list.entries);
	expect(text.split("\r\n")[1]).toBe('"1";"ines";"";"";"";"Added, temporary password"');
	expect(text.split("\r\n")[3]).toContain("Taken.");
	expect(text).not.toContain("a-b-c");
	expect(cell('say "hi"')).toBe('"say ""hi"""');
});

test("the summary says who gets what", () => {
	const entry = (invited: boolean) => ({ ...line(1, "x", { invited }), state: "waiting" }) as never;
	expect(summary([entry(true), entry(true), entry(false)])).toBe(
		"3 people can be added: 2 with an invitation by mail, 1 with a temporary password.",
	);
	expect(summary([])).toBe("Nobody can be added.");
});
