// What others changed, by versions that have no order, in any order.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ModelSocket } from "../interleaving/socket.ts";
import { mockPage, ticks } from "./mock-socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const ada = { id: 7, name: "Ada" };

async function connected() {
  const page = mockPage();
  await ticks();
  page.socket.up();
  page.settle();
  const authored = (id: number, version: unknown, by: object | null = ada) => page.socket.deliver("authored", { collection: "boxes", id, version, by });
  const version = (id = 1) => page.model.rows.boxes!.get(id)!.version;
  return { ...page, authored, version };
}

test("an edit by another program is reported without an author", async () => {
  const { client, model, settle, version } = await connected();
  expect(client.lastEdit("boxes", 1)).toBeUndefined();
  model.foreign("boxes", 1, { name: "psql" });
  settle();
  expect(client.lastEdit("boxes", 1)).toMatchObject({ kind: "updated", version: version(), by: undefined });
  expect(client.row("boxes", 1)).toMatchObject({ name: "psql" });
});

test("an edit received during a pending write is reported once the write is acked", async () => {
  const { client, model, socket, settle, version } = await connected();
  const write = client.update("boxes", { id: 1, name: "ours" });
  await ticks();
  model.foreign("boxes", 1, { name: "psql" });
  const theirs = version();
  model.down(socket.deliver, false);
  expect(client.lastEdit("boxes", 1)).toBeUndefined();
  settle();
  expect((await write).ok).toBe(true);
  expect(client.row("boxes", 1)).toMatchObject({ name: "ours" });
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: theirs });
});

test("the client's own writes are not reported, even if displayed long before their acks", async () => {
  const { client, model, socket, settle } = await connected();
  const write = client.create("boxes", { name: "ours" });
  await ticks();
  model.up();
  model.down(socket.deliver, false);
  const update = client.update("boxes", { id: 1, name: "ours, too" });
  await ticks();
  model.up();
  settle();
  await Promise.all([write, update]);
  for (const id of [1, 3]) expect(client.lastEdit("boxes", id)).toBeUndefined();
});

test("an author is matched by version, before or after the change", async () => {
  const { client, model, settle, authored, version } = await connected();
  model.foreign("boxes", 1, { name: "one" });
  const first = version();
  settle();
  model.foreign("boxes", 1, { name: "two" });
  authored(1, version());
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: first, by: undefined });
  settle();
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: version(), by: ada });
  // One of before, which comes late.
  authored(1, first, null);
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: version(), by: ada });
  model.foreign("boxes", 1, { name: "three" });
  settle();
  authored(1, version(), null);
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: version(), by: null });
});

test("an unknown row is reported as created, whatever its version", async () => {
  const { client, model, settle } = await connected();
  model.write("new_box", { name: "three" });
  model.foreign("boxes", 3, { name: "three, again" });
  model.down((event, ...args) => ModelSocket.latest.deliver(event, ...args), true);
  expect(client.lastEdit("boxes", 3)).toMatchObject({ kind: "created" });
  model.foreign("boxes", 3, { name: "and again" });
  settle();
  expect(client.lastEdit("boxes", 3)).toMatchObject({ kind: "updated" });
});

test("opaque versions are carried along the client's own writes, and detect others'", async () => {
  const { client, model, settle, version } = await connected();
  model.foreign("boxes", 1, { name: "psql" });
  settle();
  const seen = version();
  // One that does not ask, two that do, and one that does not again: all are ours.
  const writes = [undefined, seen, seen, undefined, seen].map((version, n) => client.update("boxes", { id: 1, version, name: `n${n}` }));
  for (let n = 0; n < 10; n++) {
    await ticks();
    settle();
  }
  expect((await Promise.all(writes)).map((ack) => ack.ok)).toEqual([true, true, true, true, true]);

  const [first, second] = [client.update("boxes", { id: 1, name: "a" }), client.update("boxes", { id: 1, version: version(), name: "b" })];
  await ticks();
  model.up();
  model.foreign("boxes", 1, { name: "theirs" });
  for (let n = 0; n < 4; n++) {
    await ticks();
    settle();
  }
  expect((await first).ok).toBe(true);
  expect((await second).errors).toHaveProperty("$conflict");
  expect(client.conflicts()[0]).toMatchObject({ theirs: { name: "theirs" }, base: { name: "a" } });
});

test("unknown collections are ignored", async () => {
  const { client, model, socket, settle } = await connected();
  socket.deliver("withheld", { collection: "boxes", rows: 1e6 });
  socket.deliver("authored", { collection: "chairs", id: 1, version: 1, by: null });
  socket.deliver("changes", { cursor: "3", chairs: { upserted: [{ id: 1, version: 1 }], deleted: [] }, more: null, count: 7 });
  expect(client.connection().state).toBe("live");
  model.write("update_box", { id: 1, name: "goes on" });
  settle();
  expect(client.row("boxes", 1)).toMatchObject({ name: "goes on" });
});
