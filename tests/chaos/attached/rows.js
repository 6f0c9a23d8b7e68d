// The rows as clients should see them, but for versions that are derived.

const own = {
  customers: { code: "code", name: "name", age: "age", points: "cast(points as text)" },
  orders: { order_id: "order_id", name: "name", customer_code: "customer_code", total: "cast(total as text)", version: "version" },
  order_lines: { order_id: "order_id", product: "product", name: "name", quantity: "quantity" },
};

// The columns in SQL, each of which is also its value in JSON.
export const columns = (_, collection) => own[collection];

export async function read(database) {
  const of = (collection) => {
    const columns = Object.entries(own[collection]).map(([name, value]) => `${value} as ${name}`);
    return database.select(`select ${columns.join(", ")} from ${collection}`);
  };
  const [customers, orders, order_lines] = await Promise.all(Object.keys(own).map(of));
  const names = new Map(customers.map(({ code, name }) => [code, { code, name }]));
  return { customers, orders: orders.map((order) => ({ ...order, customer: names.get(order.customer_code) ?? null })), order_lines };
}
