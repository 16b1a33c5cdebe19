import { accessSync, constants, existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

/** What a story may want, and how to get it. */
const packages = {
	chromium: "apt-get install chromium",
	oathtool: "apt-get install oathtool",
	zbarimg: "apt-get install zbar-tools",
	openssl: "apt-get install openssl",
	exim4: "apt-get install exim4-daemon-light",
	root: "run as root, which Exim starts as and namespaces want",
	qemu: "apt-get install qemu-system-arm device-tree-compiler",
	kernel: "packaging/setup/kernel.sh",
	lan: "apt-get install systemd network-manager dnsmasq-base dbus iproute2 avahi-daemon",
	network: "connect this machine to a network",
};

export type Need = keyof typeof packages;

/** The browser of the stories. */
export const chromium = process.env.CHROMIUM ?? "chromium";

/** What packaging/setup/kernel.sh leaves for the machine in QEMU. */
const kernel = new URL("../../.cache/kernel/image/vmlinuz", import.meta.url);

const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"];

export function found(program: string): string | undefined {
	const places = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
	return places.find((place) => {
		try {
			accessSync(place, constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}

/** An address of this machine on a network, if it has one: to the NAS that is another one than the loopback. */
export const ownAddress = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.find(({ internal, family }) => !internal && family === "IPv4")?.address;

function there(name: Need): boolean {
	if (name === "network") return ownAddress !== undefined;
	if (name === "root") return process.getuid?.() === 0;
	if (name === "lan")
		return [
			"/usr/lib/systemd/systemd-networkd",
			"NetworkManager",
			"dnsmasq",
			"dbus-daemon",
			"avahi-daemon",
			"ip",
			"unshare",
			"nsenter",
		].every((program) => found(program) !== undefined);
	if (name === "kernel") return existsSync(kernel);
	if (name === "qemu")
		return ["qemu-system-aarch64", "fdtput", "go"].every((program) => found(program) !== undefined);
	return found(name === "chromium" ? chromium : name) !== undefined;
}

/** What this machine lacks. */
export const missing = (Object.keys(packages) as Need[]).filter((name) => !there(name));

export const skipLine = (name: Need) => `SKIP ${name}: ${packages[name]}`;
