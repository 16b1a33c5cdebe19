/** Words for a shell in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What a program sends as its token, from a variable. printf is part of the shell, so that no list of processes shows it. */
const bearer = (variable: string) => `printf 'header = "Authorization: Bearer %s"\\n' "$${variable}" | `;

/** Has a shell learn the public key of the NAS, which signs its certificate itself: curl checks it on each call. */
export function pin(origin: string): string {
	const { hostname, port } = new URL(origin);
	return `PIN=sha256//$(openssl s_client -connect ${hostname}:${port || 443} </dev/null 2>/dev/null | openssl x509 -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64)`;
}

/** Shows the fingerprint of the NAS, for comparing it once with what the browser or the log shows. */
export function shownPrint(origin: string): string {
	const { hostname, port } = new URL(origin);
	return `openssl s_client -connect ${hostname}:${port || 443} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
}

/** A path of the API that a token with some scopes opens. */
export function sample(scopes: readonly string[]): string {
	const paths = Object.entries(samples);
	return paths.find(([scope]) => scopes.includes(scope))?.[1] ?? "/me";
}

const samples = {
	"system:read": "/health",
	"me:read": "/me",
	"time:read": "/time",
	"network:read": "/network",
	"settings:read": "/settings",
	"users:read": "/users",
	"log:read": "/events",
	metrics: "/metrics",
};

interface Call {
	/** A whole address. */
	url: string;
	method?: string;
	/** The variable that holds a token or an access token; none: nothing is sent. */
	token?: string;
	/** A body in JSON. */
	json?: string;
	/** Further words for curl. */
	more?: string[];
}

/** A call of the NAS from a shell, which knows its key as PIN. */
export function curl({ url, method, token, json, more = [] }: Call): string {
	const parts = ["curl -sS", ...more];
	if (token) parts.push("--config -");
	if (url.startsWith("https:")) parts.push('--insecure --pinnedpubkey "$PIN"');
	if (method) parts.push(`-X ${method}`);
	if (json !== undefined) parts.push(`--json ${quoted(json)}`);
	// A query has signs that a shell would take for its own.
	parts.push(/[?&*]/.test(url) ? quoted(url) : url);
	return (token ? bearer(token) : "") + parts.join(" ");
}
