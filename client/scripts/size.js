// What a page pays for the core and the hooks, beside socket.io-client and React.

import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT = 6144;

const { outputFiles } = await build({
  stdin: {
    contents: 'export * from "./index.js"; export * from "./react.js";',
    resolveDir: fileURLToPath(new URL("../dist", import.meta.url)),
  },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  external: ["react", "socket.io-client"],
  write: false,
});
const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
console.log(`${bytes} bytes of core and hooks, compressed; at most ${LIMIT}`);
if (bytes > LIMIT) process.exit(1);
