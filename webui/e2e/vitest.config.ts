import { defineConfig } from "vitest/config";

// The stories: a real Chromium in front of the real program. One at a time, for each wants the machine to itself.
export default defineConfig({
	test: {
		environment: "node",
		include: ["e2e/**/*.test.ts"],
		fileParallelism: false,
		testTimeout: 120_000,
		hookTimeout: 60_000,
	},
});
