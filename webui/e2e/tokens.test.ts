import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { connect, desktop, enterCode, home, open, signIn } from "./desk";
import { program } from "./nas";
import { Phone } from "./phone";
import { Program } from "./program";
import { read } from "./qr";
import { marta } from "./remote";
import { story } from "./story";
import type { Visitor } from "./visitor";

/** Confirms once more who one is, where the NAS asks for that. */
async function confirm({ page }: Visitor, phone?: Phone) {
	const dialog = page.getByRole("dialog", { name: "Confirm it’s you" });
	await dialog.waitFor();
	await dialog.getByLabel("Your password").fill(marta.password);
	if (phone) await dialog.getByLabel("Code from your authenticator app").fill(await phone.fresh());
	else await dialog.getByRole("button", { name: "Confirm" }).click();
	await dialog.waitFor({ state: "detached" });
}

/** Opens the form of a new token, and fills in what every one wants. */
async function begin({ page }: Visitor, win: Locator, name: string, scopes: string[]): Promise<Locator> {
	await win.getByRole("button", { name: "New token" }).click();
	const form = page.getByRole("dialog", { name: "New token" });
	await form.getByLabel("Name", { exact: true }).fill(name);
	for (const scope of scopes) await form.getByRole("checkbox", { name: scope }).check();
	return form;
}

/** Reads what is shown once, says that it is stored, and goes back to the list. */
async function store({ page }: Visitor, what: string): Promise<string[]> {
	const shown = page.getByRole("dialog", { name: what });
	await shown.waitFor();
	const texts = await shown.locator(".box code").allTextContents();
	await shown.getByRole("checkbox", { name: "I have stored it" }).check();
	await shown.getByRole("button", { name: "Done" }).click();
	await shown.waitFor({ state: "detached" });
	return texts.map((text) => text.replace(/\s/g, ""));
}

/** Types a line into a shell, and returns what that prints. */
async function shell(line: string, env: Record<string, string>): Promise<string> {
	const { stdout } = await promisify(execFile)("sh", ["-c", line], {
		env: { ...process.env, ...env },
		timeout: 20_000,
	});
	return stdout.trim();
}

const row = (win: Locator, name: string) => win.getByRole("listitem").filter({ hasText: name });

// R088: a token opens what it was made for and nothing else, is shown once, and is refused at once when it was revoked.
// R089: with 2-step verification a token alone opens nothing, and works again with a second factor of its own.
story(
	"a token is made, goes on hold, gets a second factor and is revoked",
	async ({ nas, claimed, visit }) => {
		await claimed();
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "API access");
		await win.getByText("No program uses this NAS in your name").waitFor();
		await visitor.look("tokens-none");

		const form = await begin(visitor, win, "Cellar monitor", [
			"Read the log",
			"See the clocks and time servers",
		]);
		await form.getByRole("radio", { name: "None" }).check();
		await visitor.look("token-new-none");
		visitor.allows("/me/tokens", 403);
		await form.getByRole("button", { name: "Make token" }).click();
		await page
			.getByRole("dialog", { name: /Confirm it’s you|Store the token/ })
			.first()
			.waitFor();
		if (await page.getByRole("dialog", { name: "Confirm it’s you" }).isVisible()) await confirm(visitor);
		await page.getByRole("dialog", { name: "Store the token of “Cellar monitor”" }).waitFor();
		await visitor.look("token-shown-none");
		// What is shown once is not left by accident.
		await page.keyboard.press("Escape");
		await page.getByRole("heading", { name: "Leave this page?" }).waitFor();
		await page.getByRole("button", { name: "Cancel" }).last().click();
		const [text = ""] = await store(visitor, "Store the token of “Cellar monitor”");
		expect(text).toMatch(/^cst_/);
		const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
		expect(kept).not.toContain(text);

		const monitor = new Program(nas, text);
		expect(await monitor.bare("GET", "/time")).toMatchObject({ status: 200 });
		expect(await monitor.bare("GET", "/users")).toMatchObject({ status: 403, code: "scope_missing" });
		expect(await monitor.bare("GET", "/me/tokens")).toMatchObject({
			status: 403,
			code: "token_not_for_this",
		});
		await page.reload();
		await desktop(visitor);
		await open(visitor, "Personal Settings", "API access");
		await row(win, "Cellar monitor").getByText("In the last hour").waitFor();
		await visitor.look("tokens");

		// The owner turns 2-step verification on: the wizard tells what stands still now.
		await open(visitor, "Personal Settings", "Security");
		await win.getByText("API token keeps working").waitFor();
		await win.getByRole("button", { name: "Set up" }).click();
		const phone = await connect(visitor);
		await page.getByLabel("Enter the code the app shows").fill(await phone.fresh());
		await page.getByText("1 on hold").waitFor();
		await visitor.look("two-step-tokens-on-hold");
		expect(await monitor.bare("GET", "/time")).toMatchObject({ status: 401, code: "token_on_hold" });
		await page.locator("dialog").getByRole("button", { name: "Show it" }).click();
		await win.getByText("“Cellar monitor” is on hold.").waitFor();
		await open(visitor, "Personal Settings", "Security");
		await win.getByText("An API token is on hold.").waitFor();
		await win.getByRole("button", { name: "Show it" }).first().click();
		await win.getByText("“Cellar monitor” is on hold.").waitFor();
		await visitor.look("tokens-on-hold");

		await win.getByRole("button", { name: "Add second factor", exact: true }).first().click();
		const factor = page.getByRole("dialog", { name: "Add a second factor to “Cellar monitor”" });
		await factor.getByRole("radio", { name: "Codes by time" }).check();
		visitor.allows("/me/tokens/{id}/factor", 403);
		await visitor.look("token-factor");
		await factor.getByRole("button", { name: "Add second factor" }).click();
		const once = page.getByRole("dialog", { name: "Store the secret of “Cellar monitor”" });
		await once.waitFor();
		await visitor.look("token-factor-shown");
		const link = await read(once.getByRole("img", { name: "QR code" }));
		await once.getByText("How a program uses it").click();
		await visitor.look("token-use");
		const [, pin = "", buy = "", call = ""] = await once.locator(".line code").allTextContents();
		const [secret = ""] = await store(visitor, "Store the secret of “Cellar monitor”");
		expect(new URL(link).searchParams.get("secret")).toBe(secret);
		await row(win, "Cellar monitor").getByText("Works", { exact: true }).waitFor();

		const codes = new Phone(secret, nas.ahead);
		expect(await monitor.bare("GET", "/time")).toMatchObject({ status: 401, code: "second_factor_required" });
		// The lines on the screen do what they say, as they are.
		const line = buy.replace("123456", await codes.fresh());
		const bought = JSON.parse(await shell(`${pin}\n${line}`, { TOKEN: text }));
		expect(await shell(`${pin}\n${call}`, { ACCESS: bought.access_token })).toContain('"zone"');
		const code = await codes.fresh();
		const access = await monitor.buy(code);
		expect(access.status).toBe(200);
		expect(await monitor.with(access, "GET", "/time")).toMatchObject({ status: 200 });
		expect((await monitor.buy(code)).status).toBe(401);
		expect((await monitor.buy("000000")).status).toBe(401);

		await row(win, "Cellar monitor").getByRole("button", { name: "Revoke Cellar monitor" }).click();
		await visitor.look("token-revoke");
		visitor.allows("/me/tokens/{id}", 403);
		await page.getByRole("button", { name: "Revoke token" }).click();
		await win.getByText("No program uses this NAS in your name").waitFor();
		expect((await monitor.with(access, "GET", "/time")).status).toBe(401);
		expect((await monitor.buy(await codes.fresh())).code).toBe("token_refused");
	},
	{ needs: ["oathtool", "zbarimg", "openssl"] },
);

// R089, R093: a machine that signs with a key of its own needs nothing else, and its access ends with its token.
story(
	"a machine signs with a key that it made itself",
	async ({ nas, claimed, visit }) => {
		const phone = await (await claimed()).enrol();
		const { publicKey, privateKey } = generateKeyPairSync("ed25519");
		const visitor = await visit();
		const { page } = visitor;
		await signIn(visitor, marta);
		await enterCode(visitor, phone);
		await desktop(visitor);
		const win = await open(visitor, "Personal Settings", "API access");
		const form = await begin(visitor, win, "Cellar backup", []);
		expect(await form.getByRole("radio", { name: "None" }).count()).toBe(0);
		await form.getByRole("button", { name: "Make token" }).click();
		await form.getByText("Choose what the token opens.").waitFor();
		await form.getByText("Paste the public key of the machine.").waitFor();
		await form.getByRole("button", { name: "Choose everything under See" }).click();
		await form.getByRole("checkbox", { name: "Change the name and the time zone" }).check();
		await form.getByLabel("Public key").fill("ssh-rsa AAAA");
		await form.getByText("Only from certain addresses").click();
		await form.getByLabel("Only from").fill("nowhere");
		await form.getByRole("button", { name: "Make token" }).click();
		await form.getByText("This is no Ed25519 public key.").waitFor();
		await visitor.look("token-new-faults");
		await form.getByLabel("Public key").fill(`${publicKey.export({ type: "spki", format: "pem" })}`);
		visitor.allows("/me/tokens", 403);
		visitor.expects("/me/tokens", 422);
		await form.getByRole("button", { name: "Make token" }).click();
		await expect.poll(() => form.getByLabel("Only from").getAttribute("aria-invalid")).toBe("true");
		await form.getByLabel("Only from").fill("127.0.0.0/8, ::1");
		await visitor.look("token-new-key");
		await form.getByRole("button", { name: "Make token" }).click();
		await page.getByRole("dialog", { name: "Store the token of “Cellar backup”" }).waitFor();
		await page.getByText("How a program uses it").click();
		await visitor.look("token-shown-key");
		const id = await page.getByRole("dialog").locator(".id code").textContent();
		const [text = ""] = await store(visitor, "Store the token of “Cellar backup”");
		await row(win, "Cellar backup").getByText("127.0.0.0/8").waitFor();
		await visitor.look("tokens-key");

		const backup = new Program(nas, text, `${id}`, privateKey);
		expect(await backup.bare("GET", "/time")).toMatchObject({ status: 401, code: "second_factor_required" });
		expect(await backup.signed("GET", "/events?limit=2")).toMatchObject({ status: 200 });
		const changed = await backup.signed("PATCH", "/settings", { time_zone: "Europe/Paris" });
		expect(changed).toMatchObject({ status: 200 });
		const stranger = new Program(nas, text, `${id}`, generateKeyPairSync("ed25519").privateKey);
		expect(await stranger.signed("GET", "/time")).toMatchObject({ status: 401, code: "signature_refused" });
		const access = await backup.signed("POST", "/machine/session", {});
		expect(access.status).toBe(200);
		expect(await backup.with(access, "GET", "/time")).toMatchObject({ status: 200 });

		// The log names the machine.
		await open(visitor, "Log");
		await page.getByText("API token “Cellar backup”").first().waitFor();
		await home(visitor);
		await open(visitor, "Personal Settings", "API access");
		await win.getByRole("button", { name: "Revoke Cellar backup" }).click();
		visitor.allows("/me/tokens/{id}", 403);
		await page.getByRole("button", { name: "Revoke token" }).click();
		await win.getByText("No program uses this NAS in your name").waitFor();
		expect((await backup.with(access, "GET", "/time")).status).toBe(401);
		expect((await backup.signed("GET", "/time")).code).toBe("token_refused");
	},
	{ needs: ["oathtool"] },
);

/** A link of castellan login whose machine is not there any more. */
function asking(address: string, name: string, scopes?: string[]): string {
	const key = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
	return `${address}/#machine=${Buffer.from(JSON.stringify({ name, key, scopes })).toString("base64url")}`;
}

/** Follows a link from somewhere else. */
async function follow({ page }: Visitor, link: string) {
	await page.goto("about:blank");
	await page.goto(link);
}

/** castellan login, as somebody types it on another computer. */
class Terminal {
	readonly #child: ChildProcess;
	#heard = "";

	constructor(folder: string, ...words: string[]) {
		this.#child = spawn(program, words, {
			env: { ...process.env, XDG_CONFIG_HOME: folder, HOME: folder, USER: "marta" },
		});
		for (const stream of [this.#child.stdout, this.#child.stderr])
			stream?.on("data", (text: Buffer) => {
				this.#heard += text;
			});
	}

	/** Waits until it has printed something, and returns that. */
	async prints(what: RegExp): Promise<string> {
		await expect.poll(() => this.#heard, { timeout: 20_000 }).toMatch(what);
		return this.#heard.match(what)?.[0] ?? "";
	}

	async ended(): Promise<number | null> {
		if (this.#child.exitCode === null) await once(this.#child, "exit");
		return this.#child.exitCode;
	}

	stop() {
		this.#child.kill("SIGINT");
	}
}

// R093: nothing is copied by hand; the key is compared, and the token is there for its machine alone.
story(
	"castellan login is let in by its owner",
	async ({ nas, claimed, visit }) => {
		const owner = await claimed();
		const phone = await owner.enrol();
		const visitor = await visit();
		const { page } = visitor;
		const folder = await mkdtemp(join(tmpdir(), "castellan-client-"));
		const fingerprint = (await owner.get("/status")).fingerprint;
		const login = new Terminal(folder, "login", nas.address, "-fingerprint", fingerprint, "-name", "attic");
		try {
			const link = await login.prints(/https:\S+#machine=\S+/);
			const key = await login.prints(/SHA256:\S+/);
			await follow(visitor, link.slice(0, -40));
			await page.getByText("This link is not complete.").waitFor();
			await visitor.look("machine-broken-sign-in");
			await follow(visitor, link);
			await page.getByText("decide about the program that waits").waitFor();
			expect(new URL(page.url()).hash).toBe("");
			await visitor.look("machine-sign-in");
			await signIn(visitor, marta);
			await enterCode(visitor, phone);
			await page.getByRole("heading", { name: /^Let “marta@.*” use this NAS\?$/ }).waitFor();
			await page.getByText(key).waitFor();
			const allow = page.getByRole("button", { name: "Let it in", exact: true });
			expect(await allow.isDisabled()).toBe(true);
			await visitor.look("machine");
			// One click of somebody who was sent a link gives next to nothing away.
			const given = page.getByRole("checkbox", { checked: true });
			await expect.poll(() => given.count()).toBe(1);
			expect(await page.getByRole("checkbox", { name: "See health" }).isChecked()).toBe(true);
			await page.getByRole("button", { name: "Change, 0 of" }).click();
			await visitor.look("machine-scopes");
			await page.getByRole("checkbox", { name: "My terminal shows the same key" }).check();
			visitor.allows("/me/tokens", 403);
			await allow.click();
			await page.getByRole("heading", { name: "Go back to your terminal" }).waitFor();
			await visitor.look("machine-done");
			await login.prints(/Done\./);
			expect(await login.ended()).toBe(0);
			const health = new Terminal(folder, "-c", "attic", "health");
			expect(await health.ended()).toBe(0);
			await page.getByRole("button", { name: "Go to the desktop" }).click();
			await desktop(visitor);
			const win = await open(visitor, "Personal Settings", "API access");
			await win.getByText("Details").click();
			await win.getByText(key).waitFor();
			await visitor.look("tokens-details");

			// A link is good for one token.
			await follow(visitor, link);
			await page.getByRole("heading", { name: "This link was used already" }).waitFor();
			expect(await allow.count()).toBe(0);
			await visitor.look("machine-used");
			await page.getByRole("button", { name: "Show API access" }).click();
			await win.getByText("Works", { exact: true }).waitFor();

			await follow(visitor, link.slice(0, -40));
			await page.getByRole("heading", { name: "This link is not complete" }).waitFor();
			await visitor.look("machine-broken");
			await page.getByRole("button", { name: "Go to the desktop" }).click();
			await desktop(visitor);

			// Another machine of that name says what it wants.
			const { name } = JSON.parse(`${Buffer.from(link.split("=")[1] ?? "", "base64url")}`);
			await follow(visitor, asking(nas.address, name, ["metrics", "time:write", "moon:write"]));
			await page.getByText(`You have a token “${name}” already`).waitFor();
			expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe(`${name} 2`);
			await page.getByText("moon:write is not known here").waitFor();
			await page.getByText("It asks to change things.").waitFor();
			await expect.poll(() => given.count()).toBe(1);
			expect(await page.getByRole("checkbox", { name: "Read figures" }).isChecked()).toBe(true);
			await visitor.look("machine-asks");
			await page.getByRole("button", { name: "Refuse" }).click();
			await page.getByRole("heading", { name: "It was not let in" }).waitFor();
			await visitor.look("machine-refused");
			await page.getByRole("button", { name: "Go to the desktop" }).click();
			await desktop(visitor);

			// Nobody fetches a token for a key that was never there.
			await follow(visitor, asking(nas.address, "cellar"));
			await page.getByRole("checkbox", { name: "My terminal shows the same key" }).check();
			await allow.click();
			await page.getByRole("heading", { name: "Go back to your terminal" }).waitFor();
			await page.getByRole("button", { name: "Show API access" }).click();
			await row(win, "cellar").getByText("Waits for its machine").waitFor();
			await visitor.look("tokens-waiting");
		} finally {
			login.stop();
			await rm(folder, { recursive: true, force: true });
		}
	},
	{ needs: ["oathtool"] },
);
