import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: "forks",
    maxWorkers: 2,
    // Many suites run real sockets, timers and processes on a machine that CI shares: there a red test is tried once more.
    retry: process.env.CI === "true" ? 1 : 0,
    setupFiles: ["test/setup.ts"],
  },
});
