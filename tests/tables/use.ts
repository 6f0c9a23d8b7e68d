// What a front end may write with the generated types and the client; lines with a mark do not compile.

import { createClient } from "@rowcast/client";
import { asBigInt, asDate, createClient as createDecodingClient } from "@rowcast/client/codecs";
import { schema, type ClientToServerEvents, type Collections, type NewOrder } from "./schema.js";

const client = createClient<Collections, ClientToServerEvents>(schema, { url: "http://localhost:5555" });

const label: string | undefined = client.row("customers", "ALFKI")?.label;
client.row("order_lines", { order_id: 1, product_id: 11 });
client.row("notes", 7);
client.row("readings", "9007199254740993");
client.row("bookings", { room: "Aula", day: "2026-12-24" });
// @ts-expect-error a text is no integer key
client.row("notes", "7");
// @ts-expect-error a number is no text key
client.row("customers", 7);
// @ts-expect-error a column of the key is missing
client.row("order_lines", { order_id: 1 });
// @ts-expect-error no such collection
client.rows("custmers");

const order: NewOrder = { customer_id: "ALFKI", label: "First" };
const write = client.create("orders", order);
client.create("order_lines", { order_id: write.id, product_id: 11, label: "Cheese" });
client.update("orders", { order_id: write.id, total_cents: "995" });
client.update("drafts", { id: "a", $version: "1", version: "the text's own" });
client.delete("order_lines", { order_id: 1, product_id: 11 });
// @ts-expect-error the label is required
client.create("customers", { customer_id: "ALFKI" });
// @ts-expect-error no key says which row
client.update("customers", { label: "Alfreds" });
// @ts-expect-error an int8 is text without a codec
client.update("orders", { order_id: 1, total_cents: 995 });

const { data } = await client.delete("customers", "ALFKI");
const gone: string | undefined = data?.customer_id;
const page = await client.request("list_labels", { where: { label: { contains: "a" } } });
if (page.ok) for (const row of page.data.rows) console.log(row.label);
// @ts-expect-error rows without a key are only listed
client.rows("labels");

const decoding = createDecodingClient(schema, { codecs: { orders: { total_cents: asBigInt, placed_at: asDate } } });
const cents: bigint | undefined = decoding.row("orders", 1)?.total_cents;
const year: number | undefined = decoding.row("orders", 1)?.placed_at.getFullYear();
decoding.update("orders", { order_id: 1, total_cents: 995n, placed_at: new Date(0) });
console.log(label, gone, cents, year);
