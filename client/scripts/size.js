// The compressed size of the client and the hooks in a page built by Vite, without socket.io-client and React.

import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 8704;

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

const core = await size('export { createClient } from "./index.js"; export { createHooks } from "./react.js";');
const all = await size('export * from "./index.js"; export * from "./react.js";');
const edits = await size('export { remoteEdits } from "./remote-edits.js";');
const codecs = await size('export { createClient, asBigInt, asDate } from "./codecs.js"; export { createHooks } from "./react.js";');
const persistence = await size('export { indexedDb } from "./indexeddb.js";');
console.log(`client and hooks: ${core} bytes, compressed, of at most ${LIMIT}; with the form helpers: ${all}; codecs: ${codecs - core}; remote edits: ${edits}; IndexedDB: ${persistence}`);
if (core > LIMIT) process.exit(1);
