// What is generated for tables, whatever the names in the database.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { compile } from "./types.js";

// The example `tables` of rowcast-schema.
const program = process.env.ROWCAST_TABLES ?? fileURLToPath(new URL("../../target/debug/examples/tables", import.meta.url));

async function printed(format) {
  const { stdout } = await promisify(execFile)(program, [format], { maxBuffer: 64 << 20 });
  return stdout;
}

// The generated types, in a folder with a module that declares some and one that uses them.
async function types(test) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-tables-"));
  test.after(() => rm(folder, { recursive: true }));
  await cp(new URL("tables/", import.meta.url), folder, { recursive: true });
  await writeFile(join(folder, "schema.ts"), await printed("typescript"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

test("types of tables with any names compile", async (t) => {
  const folder = await types(t);
  const strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--target", "es2022"];
  assert.equal(await compile(join(folder, "use.ts"), "--ignoreConfig", "--noEmit", ...strict), "");
});

test("values hold every table and column under its own name", async (t) => {
  const folder = await types(t);
  const out = ["--outDir", folder, "--target", "es2022"];
  assert.equal(await compile(join(folder, "schema.ts"), "--ignoreConfig", ...out), "");
  const { schema, rules } = await import(pathToFileURL(join(folder, "schema.js")));
  for (const name of ["__proto__", "constructor", "Order Details", "订单", "events"]) {
    assert.ok(Object.hasOwn(schema.collections, name), name);
    assert.ok(Object.hasOwn(rules, name), name);
  }
  for (const name of ["__proto__", "constructor", "toString", "line\nbreak\u2028", "\u202etxt", ""]) {
    assert.equal(Object.getOwnPropertyDescriptor(rules.names, name)?.value.required, true, JSON.stringify(name));
    assert.ok(schema.collections.names.numbers.includes(name), JSON.stringify(name));
  }
  const { customers, tasks, names, "Order Details": details } = schema.collections;
  assert.deepEqual([customers.key, details.key, names.key, tasks.key], [["customer_id"], ["order_id", "product"], ["id"], undefined]);
  assert.deepEqual([customers.version, details.version], [undefined, "$version"]);
  assert.deepEqual([customers.numbers, customers.bigints, customers.times], [["points", "credit"], ["points"], ["since"]]);
  const customer = { collection: "customers", many: false, fields: ["customer_id", "name"], by: ["customer_id"] };
  assert.deepEqual(details.nests, { customer });
  assert.ok(!Object.hasOwn(schema.collections, "totals by year"));
  assert.ok(new RegExp(rules.customers.customer_id.pattern).test("ALFKI"));
});

test("JSON Schema of tables compiles, and examples are valid", async () => {
  const document = JSON.parse(await printed("json-schema"));
  const ajv = new Ajv({ strict: true, strictTuples: false, allowUnionTypes: true, allErrors: true, ownProperties: true });
  formats(ajv);
  ajv.addVocabulary(["x-collection", "x-type-name"]);
  ajv.addSchema(document, "tables");
  const escaped = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
  let examples = 0;
  for (const [name, { examples: all = [] }] of Object.entries(document.$defs)) {
    const validate = ajv.getSchema(`tables#/$defs/${escaped(name)}`);
    assert.ok(validate, name);
    for (const example of all) {
      assert.ok(validate(example), `${name}: ${ajv.errorsText(validate.errors)}`);
      examples += 1;
    }
  }
  assert.ok(examples > 5, `${examples} examples`);
  const valid = (name, value) => ajv.getSchema(`tables#/$defs/${escaped(name)}`)(value);
  const row = { nr: 1, a: 2, version: 3 };
  assert.ok(valid("new_订单.ack", { ok: true, data: row, errors: {} }), "a reference to a name beyond ASCII");
  assert.ok(!valid("new_订单.ack", { ok: true, data: {}, errors: {} }));
  assert.ok(valid("changes.arguments", [{ cursor: "", customers: { upserted: [], deleted: ["ALFKI"] } }]));
  assert.ok(!valid("changes.arguments", [{ cursor: "", customers: { upserted: [], deleted: [1] } }]));
  assert.ok(valid("get_Order Detail.arguments", [{ order_id: 1, product: "a", customer: null }]));
  assert.ok(!valid("get_Order Detail.arguments", [{ order_id: 1 }]));
  // A table is called as an event that clients emit.
  assert.ok(valid("new_customer.sent.arguments", [[row], { cursor: "" }]));
});

test("AsyncAPI of tables parses without errors", async () => {
  const { document, diagnostics } = await new Parser().parse(await printed("asyncapi"));
  const errors = diagnostics.filter(({ severity }) => severity === 0);
  assert.deepEqual(errors.map(({ message, path }) => `${path.join(".")}: ${message}`), []);
  const addresses = document.channels().all().map((channel) => channel.address());
  for (const name of ["new_a.b/c~d", "订单", "__proto__"]) assert.ok(addresses.includes(name), name);
  const schemas = document.components().schemas().all().map((schema) => schema.json());
  const columns = schemas.find((schema) => schema.properties?.prefixItems);
  assert.deepEqual(Object.keys(columns.properties).filter((name) => name === "items" || name === "prefixItems"), ["prefixItems", "items"]);
});
