import { createHash, createPrivateKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { type APIResponse, request } from "playwright-core";
import type { Box } from "./remote";

export interface Reply {
	status: number;
	/** The code of a refusal; empty: none. */
	code: string;
	body: Record<string, unknown>;
}

/** A program that calls the NAS with a token. It signs by RFC 9421, written down by hand. */
export class Program {
	readonly #nas: Box;
	readonly #token: string;
	readonly #id: string;
	readonly #key: KeyObject | undefined;

	/** id names the key in signatures. */
	constructor(nas: Box, token: string, id = "", key?: KeyObject) {
		this.#nas = nas;
		this.#token = token;
		this.#id = id;
		this.#key = key && createPrivateKey(key.export({ type: "pkcs8", format: "pem" }));
	}

	/** Asks with the token alone. */
	bare = (method: string, path: string, body?: unknown) => this.#send(method, path, body, {}, this.#token);

	/** Asks with the token and a signature. */
	signed(method: string, path: string, body?: unknown): Promise<Reply> {
		const headers = this.#signature(method, `/api/v1${path}`, body === undefined ? "" : JSON.stringify(body));
		return this.#send(method, path, body, headers, this.#token);
	}

	/** Buys access with a code, or with nothing. */
	buy = (code?: string) => this.bare("POST", "/machine/session", code ? { code } : {});

	/** Asks with access that was bought. */
	with = (bought: Reply, method: string, path: string, body?: unknown) =>
		this.#send(method, path, body, {}, `${bought.body.access_token}`);

	#signature(method: string, path: string, body: string): Record<string, string> {
		if (!this.#key) throw new Error("this program has no key");
		const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
		const [where, query = ""] = path.split("?");
		const parts: [string, string][] = [
			["@method", method],
			["@authority", new URL(this.#nas.address).host],
			["@path", `${where}`],
			["@query", `?${query}`],
		];
		if (body) parts.push(["content-digest", digest]);
		const names = parts.map(([name]) => `"${name}"`).join(" ");
		const created = Math.floor((Date.now() + this.#nas.ahead) / 1000);
		const params = `(${names});created=${created};keyid="${this.#id}";nonce="${randomBytes(18).toString("base64url")}"`;
		const base = [
			...parts.map(([name, value]) => `"${name}": ${value}`),
			`"@signature-params": ${params}`,
		].join("\n");
		return {
			...(body ? { "Content-Digest": digest } : {}),
			"Signature-Input": `sig1=${params}`,
			Signature: `sig1=:${sign(null, Buffer.from(base), this.#key).toString("base64")}:`,
		};
	}

	async #send(method: string, path: string, body: unknown, headers: Record<string, string>, token: string) {
		const context = await request.newContext({ ignoreHTTPSErrors: true });
		try {
			const answer = await context.fetch(`${this.#nas.address}/api/v1${path}`, {
				method,
				data: body === undefined ? undefined : JSON.stringify(body),
				headers: {
					Authorization: `Bearer ${token}`,
					...(body === undefined ? {} : { "Content-Type": "application/json" }),
					...headers,
				},
			});
			return await read(answer);
		} finally {
			await context.dispose();
		}
	}
}

async function read(answer: APIResponse): Promise<Reply> {
	const body = await answer.json().catch(() => ({}));
	return { status: answer.status(), code: answer.ok() ? "" : `${body.code}`, body };
}
