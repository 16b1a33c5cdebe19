import type { Component } from "svelte";
import { info, keyboard, lifebuoy, mail, people, press, time } from "../icons/first";
import * as icons from "../icons/icons";
import type { Shape } from "../icons/shape";
import type { TileShape } from "../icons/tile";
import * as tiles from "../icons/tiles";
import type { Size } from "./geometry";

export interface Page {
	id: string;
	name: string;
	icon: Shape;
	/** Stands over this page and the ones after it in the side list. */
	group?: string;
	/** Text alone: nothing in it takes the focus. */
	reading?: boolean;
	/** Other words a person may search for. */
	words?: string;
	load: () => Promise<{ default: Component }>;
}

export interface App {
	id: string;
	name: string;
	tile: TileShape;
	size: Size;
	administrator: boolean;
	/** The help page that F1 opens. */
	help: string;
	pages: [Page, ...Page[]];
}

const logPage = () => import("../apps/log/Log.svelte");

export const apps: readonly App[] = [
	{
		id: "access",
		name: "Access Control",
		tile: tiles.accessControl,
		size: { width: 1060, height: 672 },
		administrator: true,
		help: "ways",
		pages: [
			{
				id: "users",
				name: "Users",
				icon: people,
				words: "accounts people roles administrator temporary password",
				load: () => import("../apps/access/Users.svelte"),
			},
			{
				id: "groups",
				name: "Groups",
				icon: icons.group,
				words: "members administrators users family",
				load: () => import("../apps/access/Groups.svelte"),
			},
			{
				id: "online",
				name: "Online users",
				icon: icons.display,
				words: "sessions signed in browsers sign out everybody",
				load: () => import("../apps/access/Online.svelte"),
			},
			{
				id: "policies",
				name: "Policies",
				icon: icons.policy,
				words: "must use 2-step verification demand require codes by e-mail idle sessions end after minutes",
				load: () => import("../apps/access/Policies.svelte"),
			},
		],
	},
	{
		id: "settings",
		name: "Settings",
		tile: tiles.settings,
		size: { width: 1200, height: 816 },
		administrator: true,
		help: "ways",
		pages: [
			{
				id: "general",
				name: "General",
				icon: icons.sliders,
				words: "time zone region",
				load: () => import("../apps/settings/General.svelte"),
			},
			{
				id: "network",
				name: "Network",
				icon: icons.network,
				words:
					"name of the nas host name address ip ipv4 ipv6 dhcp static manual gateway router dns search domain mtu mac interface cable lan ethernet bonjour avahi mdns local found",
				load: () => import("../apps/settings/Network.svelte"),
			},
			{
				id: "time",
				name: "Date & Time",
				icon: time,
				words: "clock network time ntp servers sync drift time zone",
				load: () => import("../apps/settings/DateTime.svelte"),
			},
			{
				id: "notification",
				name: "Notification",
				icon: icons.bell,
				words: "mail server e-mail smtp sender test",
				load: () => import("../apps/settings/Notification.svelte"),
			},
			{
				id: "defender",
				name: "Defender",
				icon: icons.shieldCheck,
				words: "block allow list address network ip limits slow down lift guess brute force",
				load: () => import("../apps/settings/Defender.svelte"),
			},
			{
				id: "button",
				name: "Reset button",
				icon: press,
				group: "Hardware",
				words: "restore defaults label default password",
				load: () => import("../apps/settings/ResetButton.svelte"),
			},
		],
	},
	{
		id: "log",
		name: "Log",
		tile: tiles.log,
		size: { width: 1180, height: 780 },
		administrator: true,
		help: "keyboard",
		pages: [
			{ id: "all", name: "All entries", icon: icons.list, words: "events history", load: logPage },
			{ id: "sign_in", name: "Sign-in", icon: icons.lock, group: "Areas", load: logPage },
			{ id: "two_step", name: "2-step verification", icon: icons.shieldCheck, load: logPage },
			{ id: "accounts", name: "Accounts", icon: people, load: logPage },
			{ id: "settings", name: "Settings", icon: icons.sliders, load: logPage },
			{ id: "button", name: "Reset button", icon: press, load: logPage },
			{ id: "clock", name: "Clock", icon: time, load: logPage },
			{ id: "mail", name: "Mail", icon: mail, load: logPage },
			{ id: "system", name: "System", icon: icons.chip, load: logPage },
			{
				id: "syslog",
				name: "Send to syslog",
				icon: icons.external,
				group: "Settings",
				words: "forward log server rfc 5424 tls",
				load: () => import("../apps/log/Syslog.svelte"),
			},
		],
	},
	{
		id: "personal",
		name: "Personal Settings",
		tile: tiles.personal,
		size: { width: 1000, height: 700 },
		administrator: false,
		help: "ways",
		pages: [
			{
				id: "account",
				name: "Account",
				icon: icons.person,
				words: "name e-mail language",
				load: () => import("../apps/personal/Account.svelte"),
			},
			{
				id: "security",
				name: "Security",
				icon: icons.shieldCheck,
				words:
					"password 2-step verification authenticator app devices phone recovery codes e-mail sessions signed in known browsers",
				load: () => import("../apps/personal/Security.svelte"),
			},
			{
				id: "api",
				name: "API access",
				icon: icons.key,
				words: "tokens programs scripts machines command line castellan login keys prometheus",
				load: () => import("../apps/personal/ApiAccess.svelte"),
			},
		],
	},
	{
		id: "about",
		name: "About",
		tile: tiles.about,
		size: { width: 800, height: 640 },
		administrator: false,
		help: "keyboard",
		pages: [
			{
				id: "castellan",
				name: "This NAS",
				icon: info,
				words: "version licence libraries certificate fingerprint",
				load: () => import("../apps/about/About.svelte"),
			},
		],
	},
	{
		id: "help",
		name: "Help",
		tile: tiles.help,
		size: { width: 860, height: 640 },
		administrator: false,
		help: "keyboard",
		pages: [
			{
				id: "ways",
				reading: true,
				name: "Ways back in",
				icon: lifebuoy,
				words: "lost forgotten password phone locked out reset recover address not found",
				load: () => import("../apps/help/WaysBackIn.svelte"),
			},
			{
				id: "keyboard",
				reading: true,
				name: "Keyboard",
				icon: keyboard,
				words: "shortcuts keys windows",
				load: () => import("../apps/help/Keyboard.svelte"),
			},
			{
				id: "api",
				name: "API",
				icon: icons.braces,
				words: "reference openapi programs scripts operations endpoints",
				load: () => import("../apps/help/Reference.svelte"),
			},
		],
	},
];

export const appsFor = (administrator: boolean) => apps.filter((app) => administrator || !app.administrator);

export const appById = (id: string) => apps.find((app) => app.id === id);

export const pageOf = (app: App, id: string): Page =>
	app.pages.find((page) => page.id === id) ?? app.pages[0];
