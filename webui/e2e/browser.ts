import { type Browser, chromium as engine } from "playwright-core";
import { chromium, found } from "./needs";

/** How it is started. */
export const flags = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export const launch = (): Promise<Browser> => engine.launch({ executablePath: found(chromium), args: flags });

export interface Size {
	width: number;
	height: number;
}

export const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
