const algorithm = "ssh-ed25519";
/** What stands before the 32 bytes of an Ed25519 key in PKIX (RFC 8410). */
const pkix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const size = 32;

/** The bytes of a base 64 text, in either alphabet and with or without padding; nothing where it is none. */
export function bytes(text: string): Uint8Array<ArrayBuffer> | undefined {
	try {
		return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
	} catch {
		return undefined;
	}
}

/** A string of SSH (RFC 4251 section 5): its length in four bytes, and what it is. None here is longer than 255. */
const framed = (part: Uint8Array): number[] => [0, 0, 0, part.length, ...part];

const blob = (key: Uint8Array) =>
	new Uint8Array([...framed(new TextEncoder().encode(algorithm)), ...framed(key)]);

const begins = (all: Uint8Array, first: ArrayLike<number>) =>
	Array.from(first).every((one, place) => all[place] === one);

/** Reads an Ed25519 public key as the NAS does: a line of OpenSSH, PEM, or the base 64 of its 32 bytes. */
export function readKey(text: string): Uint8Array<ArrayBuffer> | undefined {
	const line = text.trim();
	const pem = line.match(/^-----BEGIN PUBLIC KEY-----([\s\w+/=]+)-----END PUBLIC KEY-----$/);
	if (pem) return cut(bytes(`${pem[1]}`.replace(/\s/g, "")), new Uint8Array(pkix));
	const ssh = line.match(/^ssh-ed25519\s+(\S+)/);
	if (ssh) return cut(bytes(`${ssh[1]}`), blob(new Uint8Array(size)).subarray(0, -size));
	return cut(bytes(line), new Uint8Array());
}

/** The key behind a known beginning. */
function cut(
	all: Uint8Array<ArrayBuffer> | undefined,
	first: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
	if (all?.length !== first.length + size || !begins(all, first)) return undefined;
	return all.slice(first.length);
}

/** Names a key as the NAS, the command line and ssh-keygen do: SHA256 and base 64 without padding, over its SSH form. */
export async function fingerprint(key: Uint8Array): Promise<string> {
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", blob(key)));
	return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, "")}`;
}

/** Says why a text cannot be a key, or nothing. */
export function keyFault(text: string): string {
	if (!text.trim()) return "Paste the public key of the machine.";
	if (/PRIVATE KEY/.test(text))
		return "This is a private key. It stays on its machine; paste the public one, which ends in .pub.";
	if (readKey(text)) return "";
	return "This is no Ed25519 public key. It looks like ssh-ed25519 AAAA… or begins with -----BEGIN PUBLIC KEY-----.";
}
