// Rows and writes of every kind of key in IndexedDB.

import { expect, test, vi } from "vitest";
import type { PersistenceTarget } from "../../src/index.ts";
import { indexedDb } from "../../src/indexeddb.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { KeyedModel, collections, keyedPage, ticks } from "../keys/model.ts";
import { browser } from "../support/browser.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
browser();

const stored = () => new Promise((resolve) => setTimeout(resolve, 50));
const line = (order_id: unknown, kind: string, more: object = {}) => ({ order_id, ["__proto__"]: kind, ...more });

test("rows and writes of every key are restored by the next page", async () => {
  const model = new KeyedModel();
  for (const code of ["1", "__proto__", "\u{10000}"]) model.write("new_client", { code, name: code });
  for (const order_id of [-1, 0, 7]) model.write("new_order", { order_id, name: "o", client_code: "1" });
  model.write("new_token", { name: "t" });
  model.write("new_wide", { big: "9007199254740993" });
  for (const kind of ["a", "b"]) model.write("new_line", line(7, kind));
  const first = keyedPage(model, { persistence: indexedDb("keys") });
  await stored();
  await first.live();
  model.write("delete_line", line(7, "a"));
  await first.settle();
  await stored();
  first.socket.down();
  const order = first.client.create("orders", { name: "new", client_code: "1" });
  const token = first.client.create("tokens", { name: "new" });
  void first.client.create("lines", line(order.id, "c", { token_id: token.id }));
  void first.client.update("lines", line(7, "b", { name: "changed" }));
  void first.client.delete("constructor", "__proto__");
  await stored();
  first.client.close();
  await stored();

  const { client, live, settle } = keyedPage(model, { persistence: indexedDb("keys") });
  await stored();
  expect(client.connection()).toMatchObject({ ready: true, pendingCount: 5, persisted: true });
  expect(client.rows("lines")).toMatchObject([{ order_id: 7, name: "changed" }, { order: { name: "new" }, token: { name: "new" } }]);
  expect(client.rows("constructor").map((row) => row.code)).toEqual(["1", "\u{10000}"]);
  await live();
  await settle();
  for (const name of Object.keys(collections)) expect(client.rows(name)).toEqual(model.list(name));
  expect(model.list("lines")).toMatchObject([{ order_id: 7, name: "changed" }, { order_id: 8, token: { name: "new" } }]);
  expect(model.broken).toEqual([]);
  client.close();
});

test("what was stored before there were other keys is read as it is", async () => {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open("rowcast keys", 1);
    request.onupgradeneeded = () => ["meta", "rows", "writes"].forEach((store) => request.result.createObjectStore(store));
    request.onsuccess = () => resolve(request.result);
  });
  const tx = db.transaction(["meta", "rows", "writes"], "readwrite");
  tx.objectStore("meta").put({ url: "http://model", hash: "1", cursor: "0", user: null, access: "open" }, "snapshot");
  tx.objectStore("rows").put({ id: 1, version: 1, name: "old" }, ["boxes", 1]);
  const write = (seq: number, kind: string, id: number, values: object) => ({ seq, kind, collection: "boxes", id, requestId: `${seq}`, values, optimistic: true, owner: null, after: 1 });
  for (const one of [write(1, "create", -77, { name: "made" }), write(2, "update", -77, { id: -77, version: 0, name: "mended" })]) {
    tx.objectStore("writes").put({ page: "gone", url: "http://model", write: one }, one.requestId);
  }
  await new Promise((resolve) => (tx.oncomplete = resolve));
  db.close();

  const model = new KeyedModel();
  const { client, live } = keyedPage(model, { persistence: indexedDb("keys") });
  await stored();
  expect(client.rows("boxes").map((row) => row.name)).toContain("mended");
  expect(client.row("boxes", 1)).toMatchObject({ name: "old" });
  model.write("new_box", { name: "old" });
  await live();
  await ticks();
  expect(model.list("boxes").map((row) => row.name)).toEqual(["old", "mended"]);
  client.close();
});

test("a key that is a boolean can be stored", async () => {
  const handle = await indexedDb("one").open({ url: "u", hash: "h", token: ((_: string, row: any) => row?.only ?? row) as PersistenceTarget["token"] }, () => {});
  handle.save({ cursor: "1", user: null, access: "open", rows: { settings: { upserted: [{ only: true, colour: "red" }], deleted: [] } } }, () => ({}));
  await handle.close();
  const next = await indexedDb("one").open({ url: "u", hash: "h", token: () => 0 }, () => {});
  expect(next.snapshot!.rows.settings!.upserted).toEqual([{ only: true, colour: "red" }]);
  await next.close();
});
