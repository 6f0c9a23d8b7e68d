// What a page pays for the client and the hooks, beside socket.io-client and React: as Vite builds it into a page.

import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 7168;

async function size(source) {
  const entry = fileURLToPath(new URL("../dist/size.js", import.meta.url));
  writeFileSync(entry, source);
  try {
    const { output } = await build({
      configFile: false,
      logLevel: "error",
      build: {
        write: false,
        target: "es2022",
        modulePreload: false,
        rolldownOptions: { input: entry, preserveEntrySignatures: "strict", external: ["react", "socket.io-client"] },
      },
    });
    return gzipSync(output[0].code, { level: 9 }).length;
  } finally {
    rmSync(entry);
  }
}

const used = await size('export { createClient } from "./index.js"; export { hooks } from "./react.js";');
const all = await size('export * from "./index.js"; export * from "./react.js";');
const followed = await size('export { touches } from "./touches.js";');
const kept = await size('export { indexedDb } from "./indexeddb.js";');
console.log(`client and hooks: ${used} bytes, compressed, of at most ${LIMIT}; with what is for forms: ${all}; touches: ${followed}; IndexedDB: ${kept}`);
if (used > LIMIT) process.exit(1);
