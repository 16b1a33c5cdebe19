import { expect, test } from "vitest";
import { Problem } from "./problem";
import { Resource } from "./resource.svelte";

const lost = new Problem({ status: 0, code: "no_contact", detail: "The NAS does not answer." });

test("the last good answer stays when a later one fails", async () => {
	let fails = false;
	const resource = new Resource(async () => {
		if (fails) throw lost;
		return "good";
	});
	await resource.reload();
	fails = true;
	await resource.reload();
	expect(resource.data).toBe("good");
	expect(resource.problem).toBe(lost);
	fails = false;
	await resource.reload();
	expect(resource.problem).toBeUndefined();
});

test("an answer that comes after a newer question is dropped", async () => {
	const release: ((value: string) => void)[] = [];
	const resource = new Resource(() => new Promise<string>((done) => release.push(done)));
	const first = resource.reload();
	const second = resource.reload();
	release[1]?.("new");
	release[0]?.("old");
	await Promise.all([first, second]);
	expect(resource.data).toBe("new");
	expect(resource.loading).toBe(false);
});

test("a question that is overtaken ends when the newer one is answered", async () => {
	const release: ((value: string) => void)[] = [];
	const resource = new Resource(() => new Promise<string>((done) => release.push(done)));
	const seen = resource.reload().then(() => resource.data);
	resource.reload();
	release[0]?.("old");
	await new Promise((on) => setTimeout(on));
	release[1]?.("new");
	expect(await seen).toBe("new");
});

test("what a change brought is not undone by the answer to an older question", async () => {
	const release: ((value: string) => void)[] = [];
	const resource = new Resource(() => new Promise<string>((done) => release.push(done)));
	const older = resource.reload();
	resource.set("changed");
	expect(resource.loading).toBe(false);
	release[0]?.("before");
	await older;
	expect(resource.data).toBe("changed");
});

test("a form is told of every good answer", async () => {
	const taken: string[] = [];
	const resource = new Resource(
		async () => "asked",
		(data) => taken.push(data),
	);
	await resource.reload();
	resource.set("changed");
	expect(taken).toEqual(["asked", "changed"]);
});
