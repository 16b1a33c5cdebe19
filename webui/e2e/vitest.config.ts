import { defineConfig } from "vitest/config";

// The stories: a real Chromium in front of the real program. Each has a NAS of its own; more than two at once
// would wait for each other's password hashes.
export default defineConfig({
	test: {
		environment: "node",
		// npm run screenshot tells just the one that makes the picture of the README.
		include: process.env.npm_lifecycle_event === "screenshot" ? ["e2e/screenshot.ts"] : ["e2e/**/*.test.ts"],
		globalSetup: "e2e/setup.ts",
		maxWorkers: 2,
		testTimeout: 240_000,
		expect: { poll: { timeout: 20_000 } },
		hookTimeout: 60_000,
	},
});
