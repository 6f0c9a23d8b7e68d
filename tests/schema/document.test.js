// The JSON Schema by itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, document, names, payload, rows, wrong } from "./schema.js";

test("definitions compile, and their examples are valid", () => {
  let examples = 0;
  for (const name of names) {
    wrong(name, null);
    for (const example of document.$defs[name].examples ?? []) {
      check(name, example);
      examples += 1;
    }
  }
  // What makes a row and what changes one, of each collection, and more.
  assert.ok(examples > 2 * rows.length, `${examples} examples`);
});

test("event arguments are payload and options, and an optional payload may be omitted", () => {
  const event = `new_${rows[0]}`;
  const { example } = payload(event);
  check(`${event}.arguments`, [example]);
  check(`${event}.arguments`, [example, { request_id: crypto.randomUUID() }]);
  for (const none of [[], [null], [example, { request: 1 }], [example, {}, 3]]) {
    assert.ok(wrong(`${event}.arguments`, none), JSON.stringify(none));
  }
  for (const some of [[], [null], [null, {}]]) check("me.arguments", some);
});

test("an ack is either successful or refused", () => {
  const row = { id: 1 };
  const of = `delete_${rows[0]}.ack`;
  check(of, { ok: true, data: row, errors: {} });
  check(of, { ok: false, data: null, errors: { id: "is required" } });
  check(of, { ok: false, data: row, errors: { $conflict: "…" } });
  for (const neither of [
    { ok: true, data: null, errors: {} },
    { ok: true, data: row, errors: { id: "is required" } },
    { ok: false, data: null, errors: {} },
    { ok: true, data: row },
  ]) {
    assert.ok(wrong(of, neither), JSON.stringify(neither));
  }
});
