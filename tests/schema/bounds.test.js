// At each bound of each field and beyond it, a real server says the same as the schema.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";
import { document, payload, resolve, rows, wrong } from "./schema.js";

// What one pattern or another takes or refuses. Blanks at the ends are not among them: the server takes them away.
const words = [
  ..."0 9 59 60 900 0900 1260 1359 2359 2360 2400 00000 12345 24:00 -1 monday 💥 é".split(" "),
  ..."http:// https://é.example HTTP://x ftp://x.example https:///path https://?x http://[::1]:80/ example.com".split(" "),
  "a b",
  "https://x.example/a b",
  "x\u00a0y",
];

// Values of a field that may be right or wrong; the schema says which.
function* values(field, example) {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, pattern, enum: listed, properties } = resolve(field);
  const lengths = [minLength, maxLength].filter((bound) => bound !== undefined);
  for (const length of lengths.flatMap((bound) => [bound - 1, bound, bound + 1])) {
    // A character counts as one, however many units it is made of. In a username there are letters alone.
    yield pattern && example ? example.padEnd(length, "x").slice(0, length) : (pattern ? "𐐷" : "💪").repeat(length);
  }
  if (pattern) yield* words;
  if (listed) yield* [...listed, "Someday", listed[0].toLowerCase()];
  if (minimum !== undefined) yield* [minimum - 1, minimum, minimum + 1, minimum + 0.5];
  if (maximum !== undefined) yield* [maximum - 1, maximum, maximum + 1, maximum - 0.5];
  for (const count of [minItems, maxItems].filter((bound) => bound !== undefined)) {
    for (const length of [count - 1, count, count + 1]) yield Array(Math.max(length, 0)).fill({ id: 1 });
  }
  if (minItems !== undefined) yield* [[{}], {}];
  if (properties) yield* [{ id: 1 }, { id: 1, name: "whoever" }, {}, []];
  yield null;
}

for (const verb of ["new", "update"]) {
  test(`server and schema agree on bounds: ${verb}`, async (t) => {
    const server = await startServer(t, { settings: ["--sqlite-synchronous", "normal"] });
    const { request } = server.open();
    let taken = 0;
    let refused = 0;

    const agree = async (row, of, values, field) => {
      const why = wrong(of, values);
      const ack = await request(`${verb}_${row}`, values);
      const told = `${verb}_${row} with ${field}: ${JSON.stringify(values[field])?.slice(0, 100)}: ${why ?? "nothing is wrong"}, but ${JSON.stringify(ack.errors)}`;
      assert.equal(ack.ok, why === undefined, told);
      if (!ack.ok) {
        refused += 1;
        assert.ok(Object.keys(ack.errors).every((key) => key.split(".")[0] === field), told);
        return;
      }
      taken += 1;
      // So that no later one finds its name given away.
      if (verb === "new") await request(`delete_${row}`, { id: ack.data.id });
    };

    for (const row of rows) {
      const { of, example } = payload(`${verb}_${row}`);
      if (verb === "update") example.id = (await request(`new_${row}`, payload(`new_${row}`).example)).data.id;
      const { properties } = document.$defs[of];
      for (const [name, field] of Object.entries(properties)) {
        const { [name]: _, ...without } = example;
        await agree(row, of, without, name);
        // Which rows and versions there are is not for a schema to say.
        if (name === "id" || name === "version") continue;
        for (const value of values(field, example[name])) await agree(row, of, { ...example, [name]: value }, name);
      }
      await agree(row, of, { ...example, colour: "red" }, "colour");
    }
    assert.ok(taken > 50 && refused > 50, `${taken} were taken and ${refused} refused`);
  });
}
