// Tables that exist, served by the program `rowcast`: keys of clients, of the database and of several columns, versions
// that are derived and versions of a table's own, an embedded row, and a cascade.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tables as notes } from "../notes.js";
import * as foreign from "./foreign.js";
import { draw } from "./operations.js";
import { columns, read } from "./rows.js";
import { tables } from "./tables.js";

const program = process.env.ROWCAST_CLI ?? fileURLToPath(new URL("../../../target/debug/rowcast", import.meta.url));

const settings = '[collections.orders]\nembed = { customer = ["code", "name"] }\n';

export const attached = {
  keys: { customers: ["code"], orders: ["order_id"], order_lines: ["order_id", "product"] },
  written: ["customers", "orders", "order_lines"],
  columns,
  draw,
  foreign,
  read,
  // The order of a row's states is known from a history that triggers of the tables' own write.
  countsVersions: false,
  // The tables whose own versions count their writes.
  counted: ["orders"],
  // The row whose deletion takes this one along.
  parent: (collection, id) => (collection === "order_lines" ? ["orders", JSON.stringify(JSON.parse(id).slice(0, 1))] : undefined),
  newest: (one, other) => (typeof other === "number" ? Math.max(one, other) : (other ?? one)),
  // The other end of the subscription has coaches.
  faults: (fault) => fault !== "subscription",

  async prepare(database, folder) {
    await writeFile(`${folder}/rowcast.toml`, settings);
    await database.execute([...tables(database.kind), notes[database.kind]]);
    await promisify(execFile)(program, ["attach", database.url], { cwd: folder });
    return { program, command: ["serve"], cwd: folder, settings: [] };
  },

  // A derived version is no part of what is in the table.
  shown: (collection, { version, ...row }) => (collection === "orders" ? { ...row, version } : row),
  own: (collection, { customer: _, ...row }) => attached.shown(collection, row),
  within: () => [],

  check(copy, violation) {
    for (const order of copy.orders.values()) {
      const { customer_code: code, customer: shown } = order;
      const customer = code === null ? null : copy.customers.get(JSON.stringify([code]));
      if (shown?.name !== customer?.name || shown?.code !== customer?.code) violation("an order shows a customer as it is not", { order, customer });
    }
  },

  // `wasThere` and `isGone` tell of any time until the end.
  explains({ event, collection, payload, wasThere, isGone }, key, sentence) {
    if (key === "$in_use") return event === "delete_customer";
    if (event.startsWith("new_") && /^is already taken/.test(sentence)) return attached.keys[collection].includes(key) && wasThere(collection, payload);
    if (key === "customer_code") return isGone("customers", { code: payload.customer_code });
    if (key === "order_id" && collection === "order_lines") return isGone("orders", payload);
    return false;
  },
};
