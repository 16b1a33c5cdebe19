import type { Problem } from "../api/problem";
import type { FamilySettings, Interface, InterfaceSettings, Network } from "../api/types";
import {
	addressFault,
	dnsFault,
	entries,
	type FamilyName,
	gatewayFault,
	mtuFault,
	prefixFault,
	prefixFrom,
	searchFault,
} from "./checks";
import { isV6, usable } from "./words";

/** How an interface comes by its addresses of one family, as it is typed. */
export class FamilyForm {
	readonly name: FamilyName;
	method = $state<FamilySettings["method"]>("automatic");
	address = $state("");
	prefix = $state("");
	gateway = $state("");
	faults = $state({ method: "", address: "", prefix: "", gateway: "" });

	constructor(name: FamilyName, settings: FamilySettings, one: Interface) {
		this.name = name;
		this.method = settings.method;
		// What is not set by hand is filled in with what the interface has now: mostly one wants to keep it.
		const mine = (text: string) => isV6(text) === (name === "ipv6");
		const has = one.addresses.find((a) => usable(a) && !a.temporary && mine(a.address));
		this.address = settings.address || has?.address || "";
		this.prefix = String(settings.prefix || has?.prefix || (name === "ipv6" ? 64 : 24));
		const router = one.gateways.find((gateway) => mine(gateway)) ?? "";
		this.gateway = settings.method === "manual" ? (settings.gateway ?? "") : router;
	}

	/** An address that was pasted with the length of its network is taken apart. */
	split() {
		const [address, prefix, more] = this.address.trim().split("/");
		if (prefix === undefined || more !== undefined) return;
		this.address = `${address}`.trim();
		this.prefix = prefix.trim();
	}

	check(): boolean {
		this.faults = { method: "", address: "", prefix: "", gateway: "" };
		if (this.method !== "manual") return true;
		this.split();
		this.faults.address = addressFault(this.name, this.address.trim());
		this.faults.prefix = prefixFault(this.name, this.prefix.trim());
		this.faults.gateway = gatewayFault(this.name, this.gateway.trim());
		return !(this.faults.address || this.faults.prefix || this.faults.gateway);
	}

	value(): FamilySettings {
		if (this.method !== "manual") return { method: this.method };
		return {
			method: this.method,
			address: this.address.trim(),
			prefix: prefixFrom(this.prefix.trim()),
			gateway: this.gateway.trim(),
		};
	}

	refuse(problem: Problem) {
		const field = (name: string) => problem.field(`${this.name}.${name}`);
		this.faults = {
			method: field("method") || problem.field(this.name),
			address: field("address"),
			prefix: field("prefix"),
			gateway: field("gateway"),
		};
	}
}

/** The form for one interface, and how it was set up when it was opened. */
export class InterfaceForm {
	readonly interface: string;
	/** How it is set up now. */
	readonly kept: InterfaceSettings;
	readonly ipv4: FamilyForm;
	readonly ipv6: FamilyForm;
	/** DNS servers of one’s own instead of those that the network offers. */
	ownDns = $state(false);
	dns = $state("");
	search = $state("");
	mtu = $state("");
	faults = $state({ dns: "", search: "", mtu: "" });
	refusal = $state("");
	readonly #before: string;
	/** What the NAS asks now. */
	readonly #used: readonly string[];

	constructor(one: Interface, settings: InterfaceSettings, network: Pick<Network, "dns">) {
		this.interface = one.name;
		this.kept = settings;
		this.ipv4 = new FamilyForm("ipv4", settings.ipv4, one);
		this.ipv6 = new FamilyForm("ipv6", settings.ipv6, one);
		this.#used = network.dns.filter((server) => !/^(127\.|::1$)/.test(server));
		this.ownDns = settings.dns.length > 0;
		this.dns = (this.ownDns ? settings.dns : this.#used).join("\n");
		this.search = settings.search.join(" ");
		this.mtu = settings.mtu ? String(settings.mtu) : "";
		this.#before = JSON.stringify(this.values());
	}

	readonly dirty = $derived.by(() => JSON.stringify(this.values()) !== this.#before);

	/** With addresses by hand nobody offers DNS servers, so those of now are kept. */
	choose(family: FamilyForm, method: FamilySettings["method"]) {
		family.method = method;
		family.faults = { method: "", address: "", prefix: "", gateway: "" };
		if (family.name === "ipv4" && method === "manual" && !this.ownDns && this.#used.length > 0)
			this.ownDns = true;
	}

	values(): InterfaceSettings {
		return {
			interface: this.interface,
			ipv4: this.ipv4.value(),
			ipv6: this.ipv6.value(),
			dns: this.ownDns ? entries(this.dns) : [],
			search: entries(this.search),
			mtu: Number(this.mtu.trim()) || 0,
		};
	}

	/** Looks at what was entered before anything is sent. */
	check(): boolean {
		this.refusal = "";
		const families = [this.ipv4.check(), this.ipv6.check()];
		this.faults = {
			dns: this.ownDns ? dnsFault(entries(this.dns)) : "",
			search: searchFault(entries(this.search)),
			mtu: mtuFault(this.mtu.trim()),
		};
		return families.every(Boolean) && !(this.faults.dns || this.faults.search || this.faults.mtu);
	}

	/** Puts the sentences of the NAS under their fields. */
	refuse(problem: Problem) {
		this.ipv4.refuse(problem);
		this.ipv6.refuse(problem);
		const among = (name: string) =>
			problem.fields.find((field) => field.name === name || field.name.startsWith(`${name}.`))?.detail ?? "";
		this.faults = { dns: among("dns"), search: among("search"), mtu: problem.field("mtu") };
		const shown = (name: string) =>
			/^(dns|search)(\.|$)|^mtu$|^ipv[46](\.(method|address|prefix|gateway))?$/.test(name);
		const told = problem.fields.length > 0 && problem.fields.every(({ name }) => shown(name));
		this.refusal = problem.code === "cancelled" || told ? "" : problem.message;
	}
}
