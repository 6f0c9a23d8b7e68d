// Writes at random: some that must succeed, some that may be overtaken, and some that must be refused.

const singular = { customers: "customer", orders: "order", order_lines: "order_line" };
const nobody = 2 ** 40;
// So many rows of a collection are many, and more are deleted than made.
const many = 40;

const usual = { create: 30, update: 40, stale: 6, delete: 12, invalid: 8 };
const crowded = { ...usual, create: 12, delete: 30 };

// The next write. If it must be refused, `wrong` names the reasons, and the ack has some of them. The marker is unique,
// and becomes the row's name.
export function draw(random, board, marker) {
  const collection = random.pick(Object.keys(singular));
  const known = board[collection].size;
  const kind = random.weighted(known > many ? crowded : usual);
  const made = known === 0 && kind !== "invalid" ? "create" : kind;
  return { collection, kind: made, marker, ...kinds[made](random, collection, board, marker) };
}

const kinds = {
  create(random, collection, board, marker) {
    // A line needs an order.
    if (collection === "order_lines" && board.orders.size === 0) collection = "orders";
    const payload = { ...newKeys[collection](random, board, marker), ...fields[collection](random, marker, board) };
    return { collection, event: `new_${singular[collection]}`, payload };
  },

  update(random, collection, board, marker) {
    const { key, version } = random.pick([...board[collection].values()]);
    const all = fields[collection](random, marker, board);
    const more = random.pick(Object.keys(all));
    const payload = { ...key, name: marker, [more]: all[more] };
    if (version !== undefined && random.chance(0.4)) payload.version = version;
    return { event: `update_${singular[collection]}`, payload };
  },

  // With a version that the row has left behind for certain.
  stale(random, collection, board, marker) {
    const moved = [...board[collection].values()].filter(({ past }) => past.length > 0);
    if (moved.length === 0) return kinds.update(random, collection, board, marker);
    const { key, past } = random.pick(moved);
    const payload = { ...key, name: marker, version: random.pick(past) };
    return { event: `update_${singular[collection]}`, payload, wrong: ["$conflict", "$not_found"] };
  },

  delete(random, collection, board) {
    const { key } = random.pick([...board[collection].values()]);
    return { event: `delete_${singular[collection]}`, payload: { ...key } };
  },

  invalid(random, _collection, board, marker) {
    const all = (collection) => ({ ...newKeys[collection](random, board, marker), ...fields[collection](random, marker, board) });
    const line = { order_id: nobody, product: "none", name: marker, quantity: 1 };
    const [event, payload, ...wrong] = random.pick([
      ["new_customer", { ...all("customers"), code: marker, age: 17 }, "age"],
      ["new_customer", { ...all("customers"), code: marker, points: "9223372036854775808" }, "points"],
      ["new_order", { ...all("orders"), customer_code: null, salary: 9 }, "salary"],
      ["new_order", { ...all("orders"), customer_code: "nobody" }, "customer_code"],
      ["new_order", { ...all("orders"), customer_code: null, total: "0.125" }, "total"],
      ["new_order_line", { ...line, quantity: 0 }, "order_id", "quantity"],
      ["new_order_line", line, "order_id"],
      ["update_customer", { code: "nobody", name: marker }, "$not_found"],
      ["update_order_line", line, "$not_found"],
      ["delete_order", { order_id: nobody }, "$not_found"],
    ]);
    return { event, payload, wrong };
  },
};

const newKeys = {
  // Some are made by many at once, and made again when they are gone.
  customers: (random, _, marker) => ({ code: random.chance(0.3) ? `it's "Ö" ${random.between(1, 12)}` : `C ${marker}` }),
  orders: () => ({}),
  order_lines: (random, board) => ({ ...random.pick([...board.orders.values()]).key, product: `P ${random.between(1, 12)}` }),
};

const fields = {
  customers: (random, name) => ({ name, age: random.between(18, 120), points: `90071992547409${random.between(10, 99)}` }),
  orders: (random, name, board) => {
    const customers = [...board.customers.values()];
    const customer_code = customers.length > 0 && random.chance(0.7) ? random.pick(customers).key.code : null;
    return { name, total: `${random.between(1, 1000)}.25`, customer_code };
  },
  order_lines: (random, name) => ({ name, quantity: random.between(1, 1000) }),
};
