// Rows with keys of every kind: where they are found, how they sort, and what waits for what.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryPersistence } from "../interleaving/memory-persistence.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { KeyedModel, collections, keyedPage, ticks } from "./model.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const line = (order_id: unknown, kind: string, more: object = {}) => ({ order_id, ["__proto__"]: kind, ...more });
const texts = (rows: readonly any[], column: string) => rows.map((row) => row[column]);

test("a key of one column is its value, of several an object in any order", async () => {
  const { client, model, live } = keyedPage();
  model.write("new_client", { code: "1", name: "text" });
  model.write("new_order", { order_id: 1, name: "number" });
  model.write("new_line", line(1, "a", { name: "line" }));
  await live();
  expect(client.row("constructor", "1")).toMatchObject({ name: "text" });
  expect(client.row("constructor", 1)).toBeUndefined();
  expect(client.row("orders", 1)).toMatchObject({ name: "number" });
  expect(client.row("orders", "1")).toBeUndefined();
  expect(client.row("lines", line(1, "a"))).toMatchObject({ name: "line", order: { order_id: 1, name: "number" } });
  expect(client.row("lines", { ["__proto__"]: "a", order_id: 1 })).toBe(client.row("lines", line(1, "a")));
  expect(client.row("lines", line(1, "b"))).toBeUndefined();
});

test("rows sort by number, code point, and column after column", async () => {
  const { client, model, live } = keyedPage();
  for (const order_id of [10, -3, 2, 0]) model.write("new_order", { order_id, name: "" });
  for (const code of ["b", "\u{10000}", "\uffff", "", "a", "B", "10", "9"]) model.write("new_client", { code, name: "" });
  for (const big of ["9007199254740993", "9007199254740992", "-5", "10", "9"]) model.write("new_wide", { big });
  for (const [order, kind] of [[10, "a"], [2, "b"], [2, "a"]] as const) model.write("new_line", line(order, kind));
  await live();
  expect(texts(client.rows("orders"), "order_id")).toEqual([-3, 0, 2, 10]);
  expect(texts(client.rows("constructor"), "code")).toEqual(["", "10", "9", "B", "a", "b", "\uffff", "\u{10000}"]);
  expect(texts(client.rows("wide"), "big")).toEqual(["-5", "9", "10", "9007199254740992", "9007199254740993"]);
  expect(client.rows("lines").map((row) => [row.order_id, row["__proto__"]])).toEqual([[2, "a"], [2, "b"], [10, "a"]]);
});

test("writes name a row by its own columns", async () => {
  const { client, model, live, settle } = keyedPage();
  model.write("new_client", { code: "ALFKI", name: "a" });
  model.write("new_order", { order_id: 1, name: "o" });
  model.write("new_line", line(1, "a"));
  await live();
  const update = client.update("constructor", { code: "ALFKI", $version: client.row("constructor", "ALFKI")!.$version, name: "b" });
  const gone = client.delete("lines", line(1, "a"));
  expect([update.id, gone.id]).toEqual(["ALFKI", line(1, "a")]);
  expect(client.row("constructor", "ALFKI")).toMatchObject({ name: "b" });
  expect([client.pending("constructor", "ALFKI"), client.pending("lines", line(1, "a"))]).toEqual(["update", "delete"]);
  expect(client.rows("lines")).toEqual([]);
  await ticks();
  expect(model.connection!.up.map(([event, payload]) => [event, Object.keys(payload)])).toEqual([
    ["update_client", ["code", "$version", "name"]],
    ["delete_line", ["order_id", "__proto__"]],
  ]);
  await settle();
  expect((await gone).data).toEqual(line(1, "a"));
  expect([...model.rows.get("lines")!.keys()]).toEqual([]);
});

test("a created row whose key the client gives has that key at once, in its place", async () => {
  const { client, model, live, settle } = keyedPage();
  for (const code of ["a", "z"]) model.write("new_client", { code, name: code });
  await live();
  const write = client.create("constructor", { code: "m", name: "m" });
  expect(write.id).toBe("m");
  expect(texts(client.rows("constructor"), "code")).toEqual(["a", "m", "z"]);
  expect(client.row("constructor", "m")).toMatchObject({ $version: 0 });
  expect(client.pending("constructor", "m")).toBe("create");
  const update = client.update("constructor", { code: "m", $version: 0, name: "n" });
  await ticks();
  model.up();
  model.down();
  expect(texts(client.rows("constructor"), "code")).toEqual(["a", "m", "z"]);
  expect(client.row("constructor", "m")).toMatchObject({ name: "n", $version: "v3" });
  await settle();
  expect(await update).toMatchObject({ ok: true, data: { name: "n" } });
  expect(client.lastEdit("constructor", "m")).toBeUndefined();
});

test("a text that the database makes is replaced by the ack, wherever it is named", async () => {
  const { client, model, live, settle } = keyedPage();
  model.write("new_token", { name: "there" });
  model.write("new_order", { order_id: 1, name: "o" });
  await live();
  const token = client.create("tokens", { name: "new" });
  expect(typeof token.id).toBe("string");
  expect(texts(client.rows("tokens"), "name")).toEqual(["there", "new"]);
  const made = client.create("lines", line(1, "a", { token_id: token.id }));
  expect(client.row("lines", line(1, "a"))).toMatchObject({ token: { toString: token.id, name: "new" }, token_id: token.id });
  await settle();
  const ack: any = await token;
  expect(ack).toMatchObject({ ok: true });
  expect(await made).toMatchObject({ ok: true, data: { token_id: ack.data.toString, token: { name: "new" } } });
  expect(client.row("tokens", token.id)).toMatchObject({ name: "new" });
  expect(client.rows("tokens")).toHaveLength(2);
  expect(model.broken).toEqual([]);
});

test("a row of several columns that names a row being made gets its real key", async () => {
  const { client, model, live, settle } = keyedPage();
  await live();
  const order = client.create("orders", { name: "o" });
  const made = client.create("lines", line(order.id, "a", { amount: 1 }));
  const update = client.update("lines", line(order.id, "a", { version: 0, amount: 2 }));
  // As a form sends it.
  const other = client.create("lines", line(`${order.id}`, "b"));
  expect(made.id).toEqual(line(order.id, "a"));
  expect(client.row("lines", made.id)).toMatchObject({ amount: 2, order: { order_id: order.id, name: "o" } });
  const dropped = client.create("lines", line(order.id, "c"));
  const gone = client.delete("lines", dropped.id);
  expect(await gone).toMatchObject({ ok: true });
  expect(Object.keys((await dropped).errors)).toEqual(["$withdrawn"]);
  await settle();
  expect(await made).toMatchObject({ ok: true, data: { order_id: 1, amount: 1 } });
  expect(await update).toMatchObject({ ok: true, data: { order_id: 1, amount: 2 } });
  expect(await other).toMatchObject({ ok: true, data: { order_id: 1 } });
  expect(client.row("lines", made.id)).toBe(client.row("lines", line(1, "a")));
  expect(client.rows("lines")).toEqual(model.list("lines"));
  const late = client.update("lines", line(order.id, "a", { version: 0, amount: 3 }));
  await settle();
  expect((await late).errors).toHaveProperty("$conflict");
  expect(model.broken).toEqual([]);
});

test("a child of a locked create waits, also where the client gives the keys", async () => {
  const { client, model, live, settle } = keyedPage();
  await live();
  model.locked = 1;
  const parent = client.create("constructor", { code: "P", name: "p" });
  const child = client.create("orders", { name: "o", client_code: "P" });
  const other = client.create("boxes", { name: "other" });
  await settle();
  expect(await parent).toMatchObject({ ok: true });
  expect(await child).toMatchObject({ ok: true, data: { client: { code: "P", name: "p" } } });
  expect(await other).toMatchObject({ ok: true });
});

test("after a refused create its row's writes fail, and references are for the server to judge", async () => {
  const { client, model, live, settle } = keyedPage();
  await live();
  const parent = client.create("constructor", { code: "P", name: "mine" });
  const update = client.update("constructor", { code: "P", name: "mine, too" });
  const child = client.create("orders", { name: "o", client_code: "P" });
  const again = client.create("constructor", { code: "P", name: "again" });
  // Another client is faster.
  model.write("new_client", { code: "P", name: "theirs" });
  await settle();
  expect((await parent).errors).toHaveProperty("code");
  expect((await update).errors).toHaveProperty("$depends");
  expect(await child).toMatchObject({ ok: true, data: { client: { name: "theirs" } } });
  expect((await again).errors).toHaveProperty("code");
  expect(client.row("constructor", "P")).toMatchObject({ name: "theirs" });

  const order = client.create("orders", { name: "bad" });
  const lost = client.create("lines", line(order.id, "a"));
  await settle();
  expect((await order).errors).toHaveProperty("name");
  expect((await lost).errors).toHaveProperty("$depends");
  expect((await client.create("lines", line(order.id, "b"))).errors).toHaveProperty("$depends");
});

test("a row that is deleted and made again with its key is displayed as it will be", async () => {
  const { client, model, live, settle } = keyedPage();
  model.write("new_client", { code: "A", name: "old" });
  await live();
  const gone = client.delete("constructor", "A");
  expect(client.row("constructor", "A")).toBeUndefined();
  const made = client.create("constructor", { code: "A", name: "new" });
  expect(client.row("constructor", "A")).toMatchObject({ name: "new" });
  // Only what was made is withdrawn.
  const again = client.delete("constructor", "A");
  expect(await again).toMatchObject({ ok: true });
  expect((await made).errors).toHaveProperty("$withdrawn");
  expect(client.row("constructor", "A")).toBeUndefined();
  void client.create("constructor", { code: "A", name: "newer" });
  await settle();
  expect(await gone).toMatchObject({ ok: true });
  expect(client.rows("constructor")).toEqual(model.list("constructor"));
  expect(client.row("constructor", "A")).toMatchObject({ name: "newer" });
});

test("a change of the row's own column changes what is embedded", async () => {
  const { client, model, live, settle, socket } = keyedPage();
  for (const code of ["A", "B"]) model.write("new_client", { code, name: `name of ${code}` });
  model.write("new_order", { order_id: 1, name: "o", client_code: "A" });
  await live();
  socket.down();
  void client.update("orders", { order_id: 1, client_code: "B", client: { code: "A", name: "stale" } });
  expect(client.row("orders", 1)).toMatchObject({ client_code: "B", client: { code: "B", name: "name of B" } });
  void client.update("constructor", { code: "B", name: "other" });
  expect(client.row("orders", 1)).toMatchObject({ client: { code: "B", name: "other" } });
  void client.update("orders", { order_id: 1, name: "p" });
  expect(client.row("orders", 1)).toMatchObject({ name: "p", client: { name: "other" } });
  void client.update("orders", { order_id: 1, client_code: null });
  expect(client.row("orders", 1)).toMatchObject({ client: null });
  void client.update("orders", { order_id: 1, client_code: "gone" });
  expect(client.row("orders", 1)).toMatchObject({ client: { code: "gone", name: null } });
  void client.update("orders", { order_id: 1, client_code: "A" });
  await live();
  await settle();
  expect(client.rows("orders")).toEqual(model.list("orders"));
});

test("conflicts, edits and subscriptions name rows by their keys", async () => {
  const { client, model, live, settle, socket } = keyedPage();
  model.write("new_order", { order_id: 1, name: "o" });
  for (const kind of ["a", "b"]) model.write("new_line", line(1, kind, { amount: 1 }));
  await live();
  const told: string[] = [];
  client.subscribeTo("lines", line(1, "a"), () => told.push("a"));
  client.subscribeTo("lines", { ["__proto__"]: "b", order_id: 1 }, () => told.push("b"));
  client.subscribeTo("lines", undefined, () => told.push("any"));
  const { version } = client.row("lines", line(1, "b"))!;
  model.write("update_line", line(1, "b", { amount: 2 }));
  const mine = client.update("lines", line(1, "b", { version, amount: 3 }));
  await settle();
  expect(told).toContain("b");
  expect(told).toContain("any");
  expect(told).not.toContain("a");
  expect((await mine).errors).toHaveProperty("$conflict");
  const [conflict] = client.conflicts();
  expect(conflict).toMatchObject({ id: line(1, "b"), changes: { amount: 3 }, mine: { amount: 3 }, theirs: { amount: 2 } });
  expect(Object.keys(conflict!.changes)).toEqual(["amount"]);
  model.write("update_line", line(1, "b", { amount: 4 }));
  await settle();
  expect(client.conflicts()[0]).toMatchObject({ theirs: { amount: 4 } });
  socket.deliver("authored", { collection: "lines", id: line(1, "b"), version: model.list("lines")[1]!.version, by: { id: 7, name: "Ada" } });
  expect(client.lastEdit("lines", line(1, "b"))).toMatchObject({ kind: "updated", by: { name: "Ada" } });
  expect(client.lastEdit("lines", line(1, "a"))).toBeUndefined();
  void client.conflicts()[0]!.keepMine();
  await settle();
  expect(model.list("lines")[1]).toMatchObject({ amount: 3 });
});

test("stored writes and rows of every key are restored", async () => {
  const memory = new MemoryPersistence();
  const model = new KeyedModel();
  model.write("new_client", { code: "A", name: "a" });
  model.write("new_token", { name: "t" });
  const first = keyedPage(model, { persistence: memory });
  await first.live();
  first.socket.down();
  const order = first.client.create("orders", { name: "o", client_code: "A" });
  const token = first.client.create("tokens", { name: "u" });
  void first.client.create("lines", line(order.id, "a", { token_id: token.id }));
  void first.client.update("constructor", { code: "A", name: "b" });
  void first.client.delete("tokens", model.list("tokens")[0]!["toString"]);
  await ticks();
  first.client.close();

  const told: any[] = [];
  const { client, live } = keyedPage(model, { persistence: memory, onRestoredWriteSettled: ({ kind, id }, ack) => told.push([kind, id, ack.ok]) });
  await ticks();
  expect(client.row("constructor", "A")).toMatchObject({ name: "b" });
  expect(client.rows("lines")).toMatchObject([{ order: { name: "o" }, token: { name: "u" } }]);
  expect(texts(client.rows("tokens"), "name")).toEqual(["u"]);
  await live();
  for (const name of Object.keys(collections)) expect(client.rows(name)).toEqual(model.list(name));
  expect(model.list("lines")).toMatchObject([{ order_id: 1, token: { name: "u" } }]);
  expect(told).toContainEqual(["create", line(1, "a"), true]);
  expect(told).toContainEqual(["update", "A", true]);
  expect(model.broken).toEqual([]);
});

test("a stored write of a collection that the page does not know stays stored", async () => {
  const memory = new MemoryPersistence();
  const write = { seq: 1, kind: "update" as const, collection: "later", id: 1, requestId: "r", values: { id: 1 }, optimistic: true, owner: null, after: 0 };
  memory.writes.set("r", write);
  const { client, live } = keyedPage(undefined, { persistence: memory });
  await live();
  expect(client.connection()).toMatchObject({ state: "live", pendingCount: 0, persisted: true });
  expect(memory.writes.get("r")).toEqual(write);
});

test("writes stored before there were other keys are sent", async () => {
  const memory = new MemoryPersistence();
  const old = { optimistic: true, owner: null, after: 0 };
  memory.writes.set("r", { ...old, seq: 1, kind: "create", collection: "boxes", id: -123, requestId: "r", values: { name: "old" } });
  memory.writes.set("s", { ...old, seq: 2, kind: "update", collection: "boxes", id: -123, requestId: "s", values: { id: -123, version: 0, name: "older" } });
  const { client, model, live } = keyedPage(undefined, { persistence: memory });
  await ticks();
  expect(client.rows("boxes")).toMatchObject([{ id: -123, name: "older" }]);
  await live();
  expect(model.list("boxes")).toMatchObject([{ id: 1, name: "older" }]);
  expect(client.rows("boxes")).toEqual(model.list("boxes"));
});

test("a changed schema is reported while connected, and rows go on", async () => {
  const { client, model, live, settle, socket } = keyedPage();
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  await live();
  const told = vi.fn();
  client.subscribe(told);
  const hashes = Object.fromEntries(Object.entries(collections).map(([name, { hash }]) => [name, hash]));
  socket.deliver("schema", { hash: "2", collections: { ...hashes, orders: "other" } });
  await ticks();
  expect(client.connection()).toMatchObject({ state: "live", schema: { matches: false, differs: ["orders"] } });
  expect(told).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledTimes(1);
  model.write("new_order", { order_id: 1, name: "o", colour: "red" });
  await settle();
  expect(client.rows("orders")).toMatchObject([{ colour: "red" }]);
  socket.deliver("schema", { hash: "1", collections: hashes });
  expect(client.connection().schema).toEqual({ matches: true, differs: [] });
});

test("users without an id do not share their writes", async () => {
  const { client, model, live, settle, socket } = keyedPage();
  await live();
  const as = (user: object) => {
    socket.down();
    socket.up();
    model.connection!.down[0].args[0].user = user;
  };
  as({ login: "ada", version: "1" });
  await settle();
  socket.down();
  void client.create("boxes", { name: "Ada's" });
  as({ login: "bob", version: "1" });
  await settle();
  expect(client.connection()).toMatchObject({ heldCount: 1 });
  expect(model.list("boxes")).toEqual([]);
});
