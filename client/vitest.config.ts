import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    // Far beyond what a loaded machine needs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
