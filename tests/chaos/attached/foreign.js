// What other programs do to the tables.

import { literal, where } from "../keys.js";

export const weights = { insert: 2, update: 6, line: 2, move: 2, delete: 1 };
export const deletes = ["customers", "orders", "order_lines"];
// Loaded while triggers are disabled.
export const loaded = "customers";

export function insert(chance, marker) {
  const code = `F ${marker}`;
  const sql = `insert into customers (code, name, age, points) values ('${code}', '${marker}', ${chance.between(18, 120)}, 9007199254740993)`;
  return { collection: "customers", which: where({ code }), sql };
}

export const assignments = {
  customers: (chance) => `age = ${chance.between(18, 120)}`,
  orders: (chance) => `total = ${chance.between(1, 1000)}.25`,
  order_lines: (chance) => `quantity = ${chance.between(1, 1000)}`,
};

// With ids of the program's own.
export const imports = {
  collection: "orders",
  last: {
    postgres: "select last_value as last from orders_order_id_seq",
    sqlite: "select coalesce(max(seq), 0) as last from sqlite_sequence where name = 'orders'",
  },
  which: (id, marker) => `${where({ order_id: id })} and name = '${marker}'`,
  sql: (id, chance, marker) => `insert into orders (order_id, name, total) select ${id}, '${marker}', ${chance.between(1, 1000)}.25`,
};

export const others = {
  line(chance, marker, pick) {
    const order = pick("orders");
    if (!order) return undefined;
    const key = { ...order, product: `F ${chance.between(1, 9)}` };
    const values = [key.order_id, literal(key.product), literal(marker), chance.between(1, 1000)];
    const sql = `insert into order_lines (order_id, product, name, quantity) values (${values.join(", ")})`;
    return { kind: "insert", collection: "order_lines", which: where(key), sql };
  },

  // A row gets another key.
  move(chance, marker, pick) {
    const key = pick("order_lines");
    if (!key) return undefined;
    const to = { ...key, product: `M ${chance.between(1, 99)}` };
    const sql = `update order_lines set product = ${literal(to.product)}, name = '${marker}' where ${where(key)}`;
    return { kind: "insert", collection: "order_lines", which: `${where(to)} and name = '${marker}'`, gone: where(key), sql };
  },
};
