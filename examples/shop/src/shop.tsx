// The orders of a shop, from tables that another program made: keys of text and of two columns, prices to the cent, and
// rows of other tables shown in place.

import { createClient, fieldErrors, type Ack } from "@rowcast/client";
import { createHooks } from "@rowcast/client/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { schema, type Order, type OrderLine } from "./schema";

const client = createClient(schema);
const { useCollection, useConnection } = createHooks(client);

const statuses = ["open", "packed", "shipped"] as const;

// All sentences of a refused write.
function sentences(ack: Ack<unknown>): string {
  const { fields, form } = fieldErrors(ack);
  return [...Object.values(fields), ...form].join(" ");
}

function Line({ order_id, product_id, product, quantity, unit_price, version }: OrderLine) {
  const [error, setError] = useState("");
  async function change(to: number) {
    setError(sentences(await client.update("order_lines", { order_id, product_id, quantity: to, version })));
  }
  return (
    <li>
      <span>{product.product_name}, {unit_price} each</span>
      <button aria-label={`Less ${product.product_name}`} onClick={() => change(quantity - 1)}>−</button>
      <output aria-label={`Pieces of ${product.product_name}`}>{quantity}</output>
      <button aria-label={`More ${product.product_name}`} onClick={() => change(quantity + 1)}>+</button>
      {error && <span role="alert">{error}</span>}
    </li>
  );
}

function OrderCard({ order_id, customer, ordered_on, status, lines }: Order & { lines: OrderLine[] }) {
  return (
    <section aria-labelledby={`order-${order_id}`}>
      <h2 id={`order-${order_id}`}>{order_id}: {customer.company_name}</h2>
      <p>{ordered_on}</p>
      <select
        aria-label={`Status of ${order_id}`}
        // A new order has no status until the server has acked it.
        value={status ?? "open"}
        onChange={({ target }) => client.update("orders", { order_id, status: target.value as Order["status"] })}
      >
        {statuses.map((name) => <option key={name}>{name}</option>)}
      </select>
      <ul>{lines.map((line) => <Line key={line.product_id} {...line} />)}</ul>
    </section>
  );
}

function Shop() {
  const { rows: orders, ready } = useCollection("orders", { sort: "-order_id" });
  const { rows: lines } = useCollection("order_lines", { sort: "product_id" });
  const { rows: customers } = useCollection("customers", { sort: "company_name" });
  const { state } = useConnection();
  return (
    <main>
      <h1>Orders</h1>
      {customers.map(({ customer_id, company_name }) => (
        <button key={customer_id} onClick={() => client.create("orders", { customer_id })}>Order for {company_name}</button>
      ))}
      {orders.map((order) => (
        <OrderCard key={order.order_id} {...order} lines={lines.filter(({ order_id }) => order_id === order.order_id)} />
      ))}
      <p role="status">{ready ? state : "One moment…"}</p>
    </main>
  );
}

createRoot(document.body.appendChild(document.createElement("div"))).render(<Shop />);
