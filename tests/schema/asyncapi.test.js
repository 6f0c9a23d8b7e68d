// The AsyncAPI document, read by the public parser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { asked, generated, told } from "./schema.js";

test("asyncapi.json parses without errors", async () => {
  const text = await readFile(new URL("asyncapi.json", generated), "utf8");
  const { document, diagnostics } = await new Parser().parse(text);
  const errors = diagnostics.filter(({ severity }) => severity === 0);
  assert.deepEqual(errors.map(({ message, path }) => `${path.join(".")}: ${message}`), []);

  const operations = document.operations().all();
  const received = operations.filter((operation) => operation.isReceive());
  const sent = operations.filter((operation) => operation.isSend());
  assert.deepEqual(received.map((operation) => operation.id()), asked);
  assert.deepEqual(sent.map((operation) => operation.id()), told);
  for (const operation of received) assert.equal(operation.reply().messages().all().length, 1, operation.id());
  assert.equal(document.servers().get("local").host(), "localhost:5555");
});
