// The generated types with a stock socket.io-client's.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compile, here } from "./types.js";

test("valid code compiles against the types, invalid code does not", async () => {
  // A mark on a line without an error is an error itself.
  assert.equal(await compile("--project", "."), "");
  const bad = await readFile(join(here, "bad.ts"), "utf8");
  assert.ok(bad.match(/@ts-expect-error/g).length > 20);
});
