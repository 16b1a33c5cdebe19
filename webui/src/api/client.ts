import { cancelled, noContact, type Problem, readProblem } from "./problem";
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "patch" | "delete";

type With<M extends Method> = {
	[P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends keyof paths> = paths[P][M & keyof paths[P]];

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;

export type Answer<M extends Method, P extends keyof paths> =
	Operation<M, P> extends { responses: infer R }
		? R extends { 200: infer Ok }
			? Json<Ok>
			: R extends { 201: infer Made }
				? Json<Made>
				: R extends { 202: infer Taken }
					? Json<Taken>
					: undefined
		: never;

type Body<M extends Method, P extends keyof paths> =
	Operation<M, P> extends { requestBody: infer R } ? Json<R> : undefined;

type Query<M extends Method, P extends keyof paths> =
	Operation<M, P> extends { parameters: { query?: infer Q } } ? Q : never;

export interface Options<Q = never> {
	id?: string;
	query?: Q;
	/** The password the person has just typed, so that proving it again need not ask for it. */
	password?: string;
	/** Let the caller handle the end of the session, the claim and the recovery page. */
	quiet?: boolean;
	signal?: AbortSignal;
}

/** What the page as a whole does when an answer concerns more than the one who asked. */
export interface Hooks {
	/** Proves again who is at the keyboard; false when the person would rather not. */
	stepUp(password?: string): Promise<boolean>;
	/** why is a sentence for the person. */
	signedOut(why: string): void;
	unclaimed(): void;
	recovery(): void;
	/** Nothing else answers before the person has turned 2-step verification on. */
	enrol(): void;
	/** The NAS answers nothing else to this address any more. */
	blocked(): void;
	contact(there: boolean): void;
}

interface Request {
	method: Method;
	path: string;
	body?: unknown;
	options: Options<unknown>;
}

const patience = 20_000;

/** Speaks to the NAS: typed by the API document, and the only place that knows the header token. */
export class Client {
	#token = "";
	#hooks: Hooks | undefined;
	/** The changes that are under way: what answers one may be another cookie. */
	readonly #changes = new Set<Promise<Response>>();

	use(hooks: Hooks) {
		this.#hooks = hooks;
	}

	get<P extends With<"get">>(path: P, options: Options<Query<"get", P>> = {}): Promise<Answer<"get", P>> {
		return this.#call({ method: "get", path, options }) as Promise<Answer<"get", P>>;
	}

	post<P extends With<"post">>(path: P, body?: Body<"post", P>, options: Options = {}) {
		return this.#call({ method: "post", path, body, options }) as Promise<Answer<"post", P>>;
	}

	put<P extends With<"put">>(path: P, body: Body<"put", P>, options: Options = {}) {
		return this.#call({ method: "put", path, body, options }) as Promise<Answer<"put", P>>;
	}

	patch<P extends With<"patch">>(path: P, body: Body<"patch", P>, options: Options = {}) {
		return this.#call({ method: "patch", path, body, options }) as Promise<Answer<"patch", P>>;
	}

	delete<P extends With<"delete">>(path: P, options: Options = {}) {
		return this.#call({ method: "delete", path, options }) as Promise<Answer<"delete", P>>;
	}

	async #call(request: Request): Promise<unknown> {
		const mended = new Set<string>();
		for (;;) {
			const response = await this.#send(request);
			if (response.ok) return this.#read(response, request);
			const problem = await readProblem(response);
			if (mended.has(problem.code) || !(await this.#mend(problem, request)))
				throw this.#tell(problem, request);
			mended.add(problem.code);
		}
	}

	/** Removes what a call was refused for, where that can be done; then the call is worth another try. */
	async #mend({ code }: Problem, { path, options }: Request): Promise<boolean> {
		// Another tab, or a call that ran beside this one, has renewed the session, or the ticket of the claim.
		if (code === "token_missing" && (path === "/claim" || !/^.(sign-in|claim)/.test(path))) {
			await this.get(path === "/claim" ? "/sign-in" : "/session", { quiet: options.quiet });
			return true;
		}
		// A call that ran beside this one renewed the session while this one was under way with its old cookie.
		if (code === "signed_out") {
			await Promise.allSettled(this.#changes);
			return this.get("/status", { quiet: true }).then(
				({ visitor }) => visitor === "signed_in",
				() => false,
			);
		}
		if (code !== "step_up_required" || !this.#hooks) return false;
		if (!(await this.#hooks.stepUp(options.password))) throw cancelled();
		return true;
	}

	async #send({ method, path, body, options }: Request): Promise<Response> {
		const headers: Record<string, string> = { Accept: "application/json" };
		if (body !== undefined) headers["Content-Type"] = "application/json";
		if (method !== "get" && this.#token) headers["Castellan-Token"] = this.#token;
		const signals = [AbortSignal.timeout(patience), ...(options.signal ? [options.signal] : [])];
		try {
			const answer = fetch(address(path, options), {
				method: method.toUpperCase(),
				headers,
				body: body === undefined ? undefined : JSON.stringify(body),
				credentials: "same-origin",
				cache: "no-store",
				redirect: "error",
				signal: AbortSignal.any(signals),
			});
			if (method !== "get") this.#underWay(answer);
			const response = await answer;
			this.#hooks?.contact(true);
			return response;
		} catch (thrown) {
			if (options.signal?.aborted) throw cancelled();
			if (!(thrown instanceof TypeError || thrown instanceof DOMException)) throw thrown;
			this.#hooks?.contact(false);
			throw noContact();
		}
	}

	#underWay(change: Promise<Response>) {
		const ended = () => this.#changes.delete(change);
		this.#changes.add(change);
		change.then(ended, ended);
	}

	async #read(response: Response, { path }: Request): Promise<unknown> {
		if (response.status === 204) return undefined;
		const body = await response.json();
		// Every answer that opens or renews a ticket or a session carries the token of the new one. The one that keeps a
		// change of the network opens nothing.
		if (typeof body?.token === "string" && path !== "/network/change") this.#token = body.token;
		return body;
	}

	#tell(problem: Problem, request: Request): Problem {
		if (request.options.quiet) return problem;
		if (problem.code === "signed_out") this.#hooks?.signedOut(problem.message);
		if (problem.code === "unclaimed") this.#hooks?.unclaimed();
		if (problem.code === "recovery_required") this.#hooks?.recovery();
		if (problem.code === "enrollment_required") this.#hooks?.enrol();
		if (problem.code === "address_blocked") this.#hooks?.blocked();
		return problem;
	}
}

function address(path: string, options: Options<unknown>): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(options.query ?? {})) {
		if (value !== undefined && value !== "") search.set(name, String(value));
	}
	const filled = path.replace("{id}", encodeURIComponent(options.id ?? ""));
	return `/api/v1${filled}${search.size ? `?${search}` : ""}`;
}

export const api = new Client();
