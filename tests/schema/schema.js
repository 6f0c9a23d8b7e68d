// The generated documents, and whether something is as they say.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

export const generated = new URL("../../api-schema/generated/", import.meta.url);

export const document = JSON.parse(await readFile(new URL("schema.json", generated), "utf8"));

// Strict, but for tuples of which not all must be there: options may be left out.
const ajv = new Ajv({ strict: true, strictTuples: false, allowUnionTypes: true, allErrors: true });
formats(ajv);
ajv.addVocabulary(["x-collection"]);
ajv.addSchema(document, "rowcast");

export const names = Object.keys(document.$defs);

// What is wrong with a value; nothing, if it is as its definition says.
export function wrong(name, value) {
  const validate = ajv.getSchema(`rowcast#/$defs/${name}`);
  assert.ok(validate, `${name} is defined`);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

export function check(name, value) {
  assert.equal(wrong(name, value), undefined, `${name}: ${JSON.stringify(value)}`);
}

// What a reference stands for.
export function resolve(schema) {
  if (!schema.$ref) return schema;
  const { $ref, ...rest } = schema;
  return { ...document.$defs[$ref.split("/").at(-1)], ...rest };
}

// All events that clients emit.
export const asked = names.filter((name) => name.endsWith(".ack")).map((name) => name.replace(".ack", ""));

// All events that the server emits.
export const told = names
  .filter((name) => name.endsWith(".arguments"))
  .map((name) => name.replace(".arguments", ""))
  .filter((name) => !asked.includes(name));

// One row's name of each collection.
export const rows = asked.filter((name) => name.startsWith("get_")).map((name) => name.replace("get_", ""));

// The name of the definition of what an event takes, and an example of it.
export function payload(event) {
  const [first] = document.$defs[`${event}.arguments`].prefixItems;
  const of = (first.$ref ?? first.anyOf[0].$ref).split("/").at(-1);
  return { of, example: document.$defs[of].examples?.[0] };
}
