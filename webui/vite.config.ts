import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { compress } from "./build/compress.ts";
import { weigh } from "./build/weigh.ts";

export default defineConfig({
	plugins: [svelte(), svelteTesting(), compress(), weigh()],
	build: {
		outDir: "dist/app",
		emptyOutDir: true,
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
	},
	// `npm run dev` shows the desktop from its sources in front of a daemon started with `make run`.
	server: {
		proxy: { "/api": { target: "https://localhost:8001", secure: false, changeOrigin: true } },
	},
	test: {
		environment: "happy-dom",
		include: ["src/**/*.test.ts"],
	},
});
