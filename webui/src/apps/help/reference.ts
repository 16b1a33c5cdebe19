import { curl } from "../../tokens/shell";

/** A schema of OpenAPI 3.0, as far as the contract of this NAS uses them. */
export interface Schema {
	$ref?: string;
	type?: string;
	format?: string;
	description?: string;
	enum?: string[];
	items?: Schema;
	properties?: Record<string, Schema>;
	additionalProperties?: boolean | Schema;
	required?: string[];
	pattern?: string;
	minimum?: number;
	maximum?: number;
	maxLength?: number;
	maxItems?: number;
	default?: unknown;
}

interface Content {
	content?: Record<string, { schema?: Schema; example?: unknown }>;
}

export interface Parameter {
	$ref?: string;
	name: string;
	in: string;
	required?: boolean;
	description?: string;
	schema?: Schema;
}

interface Answered extends Content {
	$ref?: string;
	description?: string;
}

interface Described {
	operationId?: string;
	tags?: string[];
	summary?: string;
	description?: string;
	parameters?: Parameter[];
	requestBody?: Content & { required?: boolean };
	responses?: Record<string, Answered>;
	"x-access"?: string;
	"x-scope"?: string;
	"x-step-up"?: boolean;
	"x-background"?: boolean;
	"x-unclaimed"?: boolean;
	"x-recovery"?: boolean;
	"x-enrol"?: boolean;
	"x-errors"?: string[];
}

/** A refusal that programs can tell by its code. */
interface Coded {
	status: number;
	detail: string;
}

export interface Contract {
	info?: {
		version?: string;
		description?: string;
		/** What each code means. */
		"x-codes"?: Record<string, Coded>;
		/** Those that every operation may answer with. */
		"x-errors"?: string[];
	};
	servers?: { url: string }[];
	tags?: { name: string; description?: string }[];
	paths?: Record<string, Record<string, unknown>>;
	components?: {
		schemas?: Record<string, Schema>;
		parameters?: Record<string, Parameter>;
		responses?: Record<string, Answered>;
	};
}

/** What is sent, or what comes back: of a kind and a shape. */
export interface Shaped {
	type: string;
	schema: Schema;
	example: unknown;
}

export interface Refusal extends Coded {
	code: string;
}

export interface Answer {
	/** A status, or “default” for every refusal. */
	status: string;
	description: string;
	body: Shaped | undefined;
}

/** What can be asked of the NAS. */
export interface Operation {
	id: string;
	tag: string;
	method: string;
	/** With what all paths begin. */
	path: string;
	summary: string;
	description: string;
	access: string;
	/** The scope that a token needs; none: no token opens it. */
	scope: string;
	stepUp: boolean;
	background: boolean;
	unclaimed: boolean;
	recovery: boolean;
	enrol: boolean;
	parameters: Parameter[];
	body: Shaped | undefined;
	answers: Answer[];
	refusals: Refusal[];
	/** The names of all that is sent and comes back, for searches. */
	fields: string;
}

export interface Group {
	name: string;
	/** What people call it. */
	title: string;
	description: string;
	operations: Operation[];
}

export interface Reference {
	introduction: string;
	/** All there are, and those among them that every operation may answer with. */
	refusals: Refusal[];
	everywhere: Refusal[];
	groups: Group[];
	shapes: ReadonlyMap<string, Schema>;
}

const methods = ["get", "post", "put", "patch", "delete"];

/** The last part of a reference such as #/components/schemas/Session. */
export const nameOf = (ref: string) => ref.slice(ref.lastIndexOf("/") + 1);

function shaped(of: Content | undefined): Shaped | undefined {
	const [first] = Object.entries(of?.content ?? {});
	if (!first?.[1].schema) return undefined;
	return { type: first[0], schema: first[1].schema, example: first[1].example };
}

function answers(contract: Contract, all: Record<string, Answered> = {}): Answer[] {
	return Object.entries(all).map(([status, one]) => {
		const found = one.$ref ? contract.components?.responses?.[nameOf(one.$ref)] : one;
		return { status, description: found?.description ?? "", body: shaped(found) };
	});
}

const parametersOf = (contract: Contract, all: Parameter[]): Parameter[] =>
	all.flatMap((one) => (one.$ref ? (contract.components?.parameters?.[nameOf(one.$ref)] ?? []) : one));

/** Refusals with what they mean, by status. */
function refusals(contract: Contract, codes: readonly string[] = []): Refusal[] {
	const known = contract.info?.["x-codes"] ?? {};
	return codes
		.flatMap((code) => (known[code] ? { code, ...known[code] } : []))
		.sort((a, b) => a.status - b.status || a.code.localeCompare(b.code));
}

const titles: Record<string, string> = {
	status: "Status",
	claim: "Claiming",
	"sign-in": "Sign-in",
	session: "Session",
	me: "Your account",
	users: "Users",
	settings: "Settings",
	system: "System and log",
	machine: "Machines",
	local: "On the NAS itself",
};

const group = (name: string, description = ""): Group => ({
	name,
	title: titles[name] ?? name,
	description,
	operations: [],
});

/** Collects the names of the properties in a schema, and in the shapes that it names. */
function gather(contract: Contract, schema: Schema | undefined, names: Set<string>, seen: Set<string>) {
	if (!schema) return;
	if (schema.$ref) {
		const shape = nameOf(schema.$ref);
		if (seen.has(shape)) return;
		seen.add(shape);
		gather(contract, contract.components?.schemas?.[shape], names, seen);
	}
	gather(contract, schema.items, names, seen);
	for (const [name, one] of Object.entries(schema.properties ?? {})) {
		names.add(name);
		gather(contract, one, names, seen);
	}
}

/** The names of what is sent to an operation and what comes back when it works. */
function fields(contract: Contract, one: Pick<Operation, "parameters" | "body" | "answers">): string {
	const names = new Set(one.parameters.map(({ name }) => name));
	const seen = new Set<string>();
	gather(contract, one.body?.schema, names, seen);
	for (const { status, body } of one.answers)
		if (status !== "default") gather(contract, body?.schema, names, seen);
	return [...names].join(" ");
}

/** Makes a book of the contract: what can be asked, by subject, and the shapes of what is sent. */
export function read(contract: Contract): Reference {
	const base = contract.servers?.[0]?.url ?? "";
	const groups = new Map<string, Group>();
	for (const { name, description = "" } of contract.tags ?? []) groups.set(name, group(name, description));
	for (const [path, item] of Object.entries(contract.paths ?? {})) {
		const shared = (item.parameters ?? []) as Parameter[];
		for (const method of methods) {
			const one = item[method] as Described | undefined;
			if (!one) continue;
			const tag = one.tags?.[0] ?? "";
			const subject = groups.get(tag) ?? group(tag);
			groups.set(tag, subject);
			const parts = {
				parameters: parametersOf(contract, [...shared, ...(one.parameters ?? [])]),
				body: shaped(one.requestBody),
				answers: answers(contract, one.responses),
			};
			subject.operations.push({
				id: one.operationId ?? `${method} ${path}`,
				tag,
				method: method.toUpperCase(),
				path: base + path,
				summary: one.summary ?? "",
				description: one.description ?? "",
				access: one["x-access"] ?? "administrator",
				scope: one["x-scope"] ?? "",
				stepUp: one["x-step-up"] === true,
				background: one["x-background"] === true,
				unclaimed: one["x-unclaimed"] === true,
				recovery: one["x-recovery"] === true,
				enrol: one["x-enrol"] === true,
				...parts,
				refusals: refusals(contract, one["x-errors"]),
				fields: fields(contract, parts),
			});
		}
	}
	return {
		introduction: contract.info?.description ?? "",
		refusals: refusals(contract, Object.keys(contract.info?.["x-codes"] ?? {})),
		everywhere: refusals(contract, contract.info?.["x-errors"]),
		groups: [...groups.values()].filter(({ operations }) => operations.length > 0),
		shapes: new Map(Object.entries(contract.components?.schemas ?? {})),
	};
}

const callers: Record<string, string> = {
	public: "Everybody, without signing in",
	ticket: "Browsers that are half signed in",
	user: "Everybody who is signed in",
	administrator: "Administrators",
	local: "Root on the NAS itself, over its socket",
};

/** Who may call an operation, in words. */
export const caller = ({ access }: Operation) => callers[access] ?? access;

/** What else is to be known about an operation, in sentences. */
export function remarks(one: Operation): string[] {
	const all: [boolean, string][] = [
		[
			one.stepUp && one.scope !== "",
			"A machine needs its second factor with the request itself, or has bought its access within the last five minutes.",
		],
		[one.stepUp, "A person confirms who they are once more, if they did not within the last five minutes."],
		[one.background, "It does not count as activity and keeps no session alive."],
		[one.unclaimed, "It also answers while nobody owns the NAS."],
		[one.recovery, "It also answers while the database cannot be used."],
		[one.enrol, "It also answers for people who must set up a way in first."],
	];
	return all.filter(([so]) => so).map(([, sentence]) => sentence);
}

/** A schema for what it is in JSON: “string · date-time”, “list of Session”. */
export function kind(schema: Schema): string {
	if (schema.$ref) return nameOf(schema.$ref);
	if (schema.items) return `list of ${kind(schema.items)}`;
	if (schema.enum) return "one of";
	const { minimum: least, maximum: most, maxLength, format } = schema;
	const limits = [
		format,
		least !== undefined && most !== undefined
			? `${least} to ${most}`
			: least !== undefined && `from ${least} on`,
		maxLength !== undefined && `up to ${maxLength} characters`,
	];
	return [schema.type ?? "anything", ...limits.filter(Boolean)].join(" · ");
}

/**
 * The properties that a schema has by itself, or as the items of a list, those that it wants first; nothing for a shape of
 * another name.
 */
export function inner(schema: Schema): [name: string, one: Schema, required: boolean][] {
	const own = schema.items && !schema.items.$ref ? schema.items : schema;
	const all = Object.entries(own.properties ?? {});
	const wanted = ([name]: [string, Schema]) => own.required?.includes(name) ?? false;
	return [
		...all.filter(wanted).map(([name, one]): [string, Schema, boolean] => [name, one, true]),
		...all.filter((one) => !wanted(one)).map(([name, one]): [string, Schema, boolean] => [name, one, false]),
	];
}

/** The name of the shape that a schema is, or is a list of. */
export const shapeOf = (schema: Schema): string => nameOf(schema.$ref ?? schema.items?.$ref ?? "");

/** How an operation is called from a shell. A place in the path is written in capitals. */
export function call(one: Operation, origin: string): string {
	const path = one.path.replace(/\{(\w+)\}/g, (_, name) => name.toUpperCase());
	const json = one.body !== undefined && /json/.test(one.body.type);
	const local = one.access === "local";
	// Access is bought with the token itself; whatever else wants a second factor takes what was bought.
	const token = one.id === "StartMachineSession" ? "TOKEN" : one.scope ? "ACCESS" : undefined;
	return curl({
		url: `${local ? "http://localhost" : origin}${path}`,
		...(one.method === (json ? "POST" : "GET") ? {} : { method: one.method }),
		...(token ? { token } : {}),
		...(json ? { json: JSON.stringify(one.body?.example ?? {}) } : {}),
		...(local ? { more: ["--unix-socket /run/castellan/castellan.sock"] } : {}),
	});
}
