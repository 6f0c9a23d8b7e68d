import { fileURLToPath } from "node:url";

import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { precompress } from "./vite/precompress.ts";

const server = process.env["ROWCAST_URL"] ?? "http://127.0.0.1:5555";

export default defineConfig({
  plugins: [
    react(),
    // The component library speaks thirty languages; the planner speaks one.
    { ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" },
    precompress(),
  ],
  resolve: {
    alias: { "@schema": fileURLToPath(new URL("../api-schema/generated/schema.ts", import.meta.url)) },
    dedupe: ["react", "react-dom"],
  },
  // The server, or a proxy before it, says below which path the planner is; index.html is sent with addresses that fit.
  base: "./",
  build: {
    // The page's policy allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What changes with the planner, and what changes only with its parts, is kept apart in caches.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](react|react-dom|react-router|scheduler)[\\/]/ },
            { name: "live", test: /(node_modules[\\/](socket\.io|engine\.io)|client[\\/]dist[\\/])/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/socket.io": { target: server, ws: true, changeOrigin: true } } },
});
