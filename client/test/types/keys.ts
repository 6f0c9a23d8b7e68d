// Held against the compiler by `npm run check`: keys of every kind, and the types that codecs give to columns.

import { createClient, type KeyOf, type Schema, type Write } from "../../src/index.ts";
import { createHooks } from "../../src/react.ts";
import { asBigInt, asDate, createClient as createDecodingClient, type Codec } from "../../src/codecs.ts";
import { schema as planner, type Collections as Planner } from "../../../api-schema/generated/schema.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>) => {};

interface Customer {
  customer_id: string;
  name: string;
  version: string;
}
interface Order {
  order_id: number;
  customer_id: string | null;
  customer: { customer_id: string; name: string } | null;
  total: string;
  placed_at: string | null;
  version: number;
}
interface Detail {
  order_id: number;
  product_id: number;
  quantity: number;
  version: string;
}
interface Collections {
  customers: { row: Customer; new: { customer_id?: string; name: string }; update: { customer_id: string; name?: string; version?: string }; key: string };
  orders: {
    row: Order;
    new: { customer_id?: string | null; total: string; placed_at?: string | null };
    update: { order_id: number; total?: string; placed_at?: string | null };
    key: number;
  };
  order_details: { row: Detail; new: Omit<Detail, "version">; update: { order_id: number; product_id: number; quantity?: number }; key: { order_id: number; product_id: number } };
  notes: { row: { id: number; text: string; version: number }; new: { text: string }; update: { id: number; text?: string } };
}

// As the command `schema typescript` prints it.
interface Printed<C> {
  hash: string;
  events?: string;
  collections: { [K in keyof C]: PrintedCollection };
  types?: C;
}
interface PrintedCollection {
  name: string;
  hash: string;
  sent: boolean;
  key?: readonly string[];
  version?: string;
  numbers?: readonly string[];
  bigints?: readonly string[];
  times?: readonly string[];
  nests: Record<string, { collection: string; many: boolean; fields: string[]; by?: string[] }>;
}
declare const printed: Printed<Collections>;
export const schema: Schema<Collections> = printed;

export function keys() {
  same<KeyOf<Collections, "customers">, string>(true);
  same<KeyOf<Collections, "order_details">, { order_id: number; product_id: number }>(true);
  same<KeyOf<Collections, "notes">, number>(true);
  same<KeyOf<Planner, "coaches">, number>(true);

  const client = createClient(printed);
  same<ReturnType<typeof client.row<"customers">>, Customer | undefined>(true);
  client.row("customers", "ALFKI");
  client.row("order_details", { order_id: 1, product_id: 2 });
  client.pending("notes", 1);
  client.lastEdit("customers", "ALFKI");
  client.subscribeTo("order_details", { order_id: 1, product_id: 2 }, () => {});
  client.subscribeTo("customers", undefined, () => {});
  // @ts-expect-error a text
  client.row("customers", 1);
  // @ts-expect-error a number
  client.row("orders", "1");
  // @ts-expect-error a column is missing
  client.delete("order_details", { order_id: 1 });
  // @ts-expect-error by its own columns
  client.update("customers", { id: "ALFKI", name: "A" });

  const made = client.create("customers", { name: "A" });
  same<typeof made, Write<Customer, string>>(true);
  const gone = client.delete("customers", "ALFKI");
  same<typeof gone, Write<Record<string, string>, string>>(true);
  const detail = client.delete("order_details", { order_id: 1, product_id: 2 });
  same<typeof detail.id, { order_id: number; product_id: number }>(true);
  same<Awaited<ReturnType<typeof client.delete<"notes">>>["data"], { id: number } | null>(true);
  for (const conflict of client.conflicts()) if (conflict.collection === "customers") same<typeof conflict.id, string>(true);

  const { useRow, usePending, useLastEdit } = createHooks(client);
  useRow("customers", "ALFKI");
  usePending("order_details", { order_id: 1, product_id: 2 });
  // @ts-expect-error a text
  useLastEdit("customers", 1);
}

const asLength: Codec<string, number> = { decode: (text) => text.length, encode: (length) => "x".repeat(length) };

export function codecs() {
  const client = createDecodingClient(printed, { codecs: { orders: { total: asBigInt, placed_at: asDate }, customers: { name: asLength } } });
  const order = client.row("orders", 1)!;
  same<typeof order.total, bigint>(true);
  same<typeof order.placed_at, Date | null>(true);
  same<typeof order.customer_id, string | null>(true);
  const customer = client.rows("customers")[0]!;
  same<typeof customer.name, number>(true);
  same<ReturnType<typeof client.row<"order_details">>, Detail | undefined>(true);
  client.create("orders", { total: 5n, placed_at: new Date() });
  client.create("orders", { total: 5n, placed_at: null });
  client.create("orders", { total: 5n });
  client.update("orders", { order_id: 1, total: 6n });
  client.delete("order_details", { order_id: 1, product_id: 2 });
  // @ts-expect-error no text any more
  client.create("orders", { total: "5" });
  // @ts-expect-error a date
  client.update("orders", { order_id: 1, placed_at: "2026-01-01" });
  for (const conflict of client.conflicts()) if (conflict.collection === "orders") same<typeof conflict.theirs.total, bigint>(true);
  void client.create("orders", { total: 5n }).then((ack) => ack.ok && same<typeof ack.data.total, bigint>(true));
  same<typeof client.decode<"orders">, (collection: "orders", row: Order) => typeof order>(true);

  const { useCollection } = createHooks(client);
  useCollection("orders", { where: { total: 5n }, sort: "-placed_at" });
  // @ts-expect-error a bigint
  useCollection("orders", { where: { total: "5" } });

  // @ts-expect-error there is no such column
  createDecodingClient(printed, { codecs: { orders: { totals: asBigInt } } });
  // @ts-expect-error there is no such collection
  createDecodingClient(printed, { codecs: { order: { total: asBigInt } } });
  // @ts-expect-error a number is no text
  createDecodingClient(printed, { codecs: { order_details: { quantity: asBigInt } } });
  // @ts-expect-error explicit types turn the inference off
  createDecodingClient<Collections, {}>(printed, { codecs: { orders: { total: asBigInt } } });
  createDecodingClient(planner, { codecs: {} }).rows("coaches")[0]?.name;
}

// Hooks take a client whose requests have types, too.
export function inReact() {
  const { useRow } = createHooks(createClient<Collections, { ping: (ack: (ack: { ok: true; data: null; errors: {} }) => void) => void }>(printed));
  same<ReturnType<typeof useRow<"notes">>, { id: number; text: string; version: number } | undefined>(true);
}
