import { expect } from "vitest";
import { desktop, open, signIn } from "./desk";
import { marta } from "./remote";
import { story } from "./story";

story("the reference of the API is searched", async ({ claimed, visit }) => {
	await claimed();
	const visitor = await visit();
	const { page } = visitor;
	await signIn(visitor, marta);
	await desktop(visitor);
	const personal = await open(visitor, "Personal Settings", "API access");
	await personal.getByRole("button", { name: "API reference" }).click();
	const win = page.locator("[data-window=help]");
	await win.getByRole("searchbox", { name: "Search operations" }).waitFor();
	await visitor.look("reference");
	await win.getByText("Words, access and second factors").click();
	await win.getByText("Refusals", { exact: true }).first().click();
	await visitor.look("reference-words");
	await win.getByRole("searchbox", { name: "Search operations" }).fill("machine session");
	await win.getByRole("button", { name: "/api/v1/machine/session" }).click();
	await win.getByText("StartMachineSession").waitFor();
	await visitor.look("reference-operation");
	await win.getByRole("searchbox", { name: "Search operations" }).fill("post /me/tokens");
	await win.getByRole("button", { name: "/api/v1/me/tokens" }).first().click();
	await win.getByRole("button", { name: "MachineFactor" }).first().click();
	await win.getByRole("button", { name: "FactorKind" }).first().click();
	await visitor.look("reference-shapes");
	await win.getByRole("searchbox", { name: "Search operations" }).fill("a teapot");
	await win.getByText("No operation has all of these words").waitFor();
	await visitor.look("reference-none");
	await win.getByRole("button", { name: "Show all operations" }).click();
	await win.locator("label").filter({ hasText: "For programs" }).click();
	await win
		.getByRole("button", { name: "/api/v1/time GET" })
		.or(win.getByText("/api/v1/metrics"))
		.first()
		.waitFor();
	expect(await win.getByText("/api/v1/sign-in", { exact: true }).count()).toBe(0);
	await visitor.look("reference-programs");
	await win
		.getByRole("button", { name: /^Settings/ })
		.first()
		.click();
	await expect.poll(() => win.locator("h2:focus").textContent()).toBe("Settings");
});
