import { beforeEach, expect, test, vi } from "vitest";
import { MailForm } from "./mail.svelte";

const { api } = vi.hoisted(() => ({ api: { put: vi.fn() } }));
vi.mock("../../api/client", () => ({ api }));

const kept = {
	configured: true,
	host: "mail.example.org",
	port: 587,
	security: "starttls" as const,
	user: "nas",
	has_password: true,
	sender: "nas@example.org",
	authority: "",
	fingerprint: "",
};

let form: MailForm;

beforeEach(() => {
	form = new MailForm();
	form.take(kept);
});

test("an unchanged form is not saved again", () => {
	expect(form.dirty).toBe(false);
	form.sender = "other@example.org";
	expect(form.dirty).toBe(true);
});

test("the kept password stays with its server and its user", () => {
	expect(form.values().password).toBeUndefined();
	form.host = "elsewhere.example.org";
	expect(form.keeps).toBe(false);
	expect(form.check()).toBe(false);
	expect(form.faults.password).not.toBe("");
	form.password = "new";
	expect(form.check()).toBe(true);
	expect(form.values().password).toBe("new");
});

test("a provider fills in its server and says what it wants", () => {
	form.choose("gmail");
	expect(form.values()).toMatchObject({ host: "smtp.gmail.com", port: 465, security: "tls" });
	expect(form.hint).toContain("app password");
});

test("a known server shows as its provider", () => {
	form.take({ ...kept, host: "smtp.office365.com" });
	expect(form.preset).toBe("microsoft");
	form.take(kept);
	expect(form.preset).toBe("own");
});

test("the port settles how encryption begins", () => {
	form.port = "465";
	form.turnPort();
	expect(form.security).toBe("tls");
	form.port = "2525";
	form.turnPort();
	expect(form.security).toBe("starttls");
});
