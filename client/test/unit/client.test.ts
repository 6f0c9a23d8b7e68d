// What a client does about things that a server does rarely, and about time.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PersistenceHandle, PersistedWrite } from "../../src/index.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { mockPage, ticks } from "./mock-socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const hours = (n: number) => n * 60 * 60 * 1000;

test("the snapshots of one connect cause one notification", async () => {
  const { client, socket, settle } = mockPage();
  const told: string[] = [];
  client.subscribeTo("boxes", undefined, () => told.push("boxes"));
  client.subscribeTo("labels", undefined, () => told.push("labels"));
  await ticks();
  socket.up();
  settle();
  await ticks();
  expect(client.connection()).toMatchObject({ state: "live", ready: true });
  expect(told).toEqual(["boxes"]);
});

test("a write sent 23 hours ago expires", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const [old, unsent] = [client.create("boxes", { name: "old" }), client.create("boxes", { name: "new" })];
  await ticks();
  model.connection!.up.length = 1;
  socket.down();
  const builds = client.create("labels", { text: "a", box: { id: old.id } });
  vi.advanceTimersByTime(hours(23) + 1);
  socket.up();
  await ticks();
  settle();
  expect(Object.keys((await old).errors)).toEqual(["$expired"]);
  expect(Object.keys((await unsent).errors)).toEqual(["$expired"]);
  expect(Object.keys((await builds).errors)).toEqual(["$depends"]);
  expect(client.rows("boxes").map((box) => box.name)).toEqual(["one", "two"]);
});

test("an unsent write never expires", async () => {
  const { client, socket, settle } = mockPage();
  const write = client.create("boxes", { name: "old" });
  vi.advanceTimersByTime(hours(100));
  await ticks();
  socket.up();
  settle();
  await ticks();
  settle();
  expect(await write).toMatchObject({ ok: true });
});

test("an unavailable server is retried with backoff, and newer writes wait", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  model.unavailable = 3;
  const first = client.create("boxes", { name: "first" });
  await ticks();
  settle();
  const second = client.create("boxes", { name: "second" });
  const waits: number[] = [];
  for (let waited = 0; model.rows.boxes!.size < 4; waited += 100) {
    await ticks();
    if (model.connection!.up.length) waits.push(waited);
    settle();
    vi.advanceTimersByTime(100);
    if (waited > 60_000) throw new Error("it was not tried again");
  }
  expect((await first).data).toMatchObject({ name: "first", id: 3 });
  expect((await second).data).toMatchObject({ name: "second", id: 4 });
  expect(waits).toHaveLength(3);
  expect(waits[0]).toBeGreaterThanOrEqual(500);
  expect(waits[2]).toBeGreaterThan(waits[1]! + 1000);
});

test("differing types are reported and warned about once", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { client, model, socket } = mockPage();
  await ticks();
  const greet = () => {
    socket.up();
    const schema = { hash: "2", collections: { boxes: "other", labels: "l", chairs: "new" } };
    (model.connection!.down[0] as any).args[0].schema = schema;
    while (model.connection!.down.length) model.down(socket.deliver, false);
  };
  greet();
  expect(client.connection().schema).toEqual({ matches: false, differs: ["boxes", "chairs"] });
  expect(client.connection().ready).toBe(true);
  socket.down();
  greet();
  expect(warn).toHaveBeenCalledTimes(1);
});

test("a refused connection reports the reason, an unavailable server is retried", async () => {
  const { client, socket } = mockPage();
  await ticks();
  const refuse = (errors: Record<string, string> | undefined) => {
    socket.active = false;
    socket.deliver("connect_error", Object.assign(new Error("no"), { data: errors && { errors } }));
  };
  refuse({ $bad_payload: "auth is no object" });
  expect(client.connection()).toMatchObject({ state: "refused", reason: "auth is no object" });
  const connect = vi.spyOn(socket, "connect");
  vi.advanceTimersByTime(60_000);
  expect(connect).not.toHaveBeenCalled();
  client.reconnect();
  expect(client.connection()).toMatchObject({ state: "reconnecting", reason: undefined });

  connect.mockClear();
  refuse({ $unavailable: "the database is away" });
  expect(client.connection()).toMatchObject({ state: "reconnecting", reason: "the database is away" });
  vi.advanceTimersByTime(1000);
  expect(connect).toHaveBeenCalledTimes(1);
  refuse({ $rate_limited: "too many connections" });
  expect(client.connection()).toMatchObject({ state: "reconnecting", reason: "too many connections" });
  vi.advanceTimersByTime(2000);
  expect(connect).toHaveBeenCalledTimes(2);
  refuse(undefined);
  expect(client.connection()).toMatchObject({ state: "refused", reason: "no" });
  socket.active = true;
  socket.deliver("connect_error", new Error("websocket error"));
  expect(client.connection().state).toBe("reconnecting");
});

test("a change of embedded details is no remote edit", async () => {
  const { client, model, socket, settle } = mockPage();
  model.write("new_label", { text: "a", box: { id: 1 } });
  await ticks();
  socket.up();
  settle();
  model.write("update_box", { id: 1, name: "other" });
  settle();
  expect(client.lastEdit("boxes", 1)).toMatchObject({ kind: "updated", version: 2, by: undefined });
  expect(client.row("labels", 3)).toMatchObject({ box: { name: "other" } });
  expect(client.lastEdit("labels", 3)).toBeUndefined();
  socket.deliver("authored", { collection: "boxes", id: 1, version: 2, by: { id: 7, name: "Ada" } });
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: 2, by: { id: 7, name: "Ada" } });
  socket.deliver("authored", { collection: "boxes", id: 1, version: 1, by: null });
  expect(client.lastEdit("boxes", 1)).toMatchObject({ version: 2, by: { id: 7 } });
});

test("a created row that was changed before its arrival is never displayed beside its placeholder", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const write = client.create("boxes", { name: " ours " });
  await ticks();
  model.up();
  socket.down();
  model.write("update_box", { id: 3, name: "theirs" });
  socket.up();
  model.down(socket.deliver, false);
  model.down(socket.deliver, false);
  expect(client.rows("boxes").map((box) => box.id)).toEqual([1, 2, 3]);
  expect(client.row("boxes", write.id)).toMatchObject({ id: 3, name: "theirs" });
  await ticks();
  settle();
  expect((await write).ok).toBe(true);
  expect(client.rows("boxes").map((box) => box.id)).toEqual([1, 2, 3]);
});

test("a closed client answers with $closed, and leaves no timers", async () => {
  const { client, socket, settle } = mockPage();
  const listener = vi.fn();
  client.subscribe(listener);
  await ticks();
  socket.up();
  settle();
  const write = client.create("boxes", { name: "never" });
  client.close();
  expect(Object.keys((await write).errors)).toEqual(["$closed"]);
  expect(Object.keys((await client.delete("boxes", 1)).errors)).toEqual(["$closed"]);
  expect(Object.keys((await client.request("list_boxes")).errors)).toEqual(["$offline"]);
  await ticks();
  listener.mockClear();
  socket.deliver("changes", { cursor: "9", boxes: { upserted: [{ id: 9, version: 1, name: "late" }], deleted: [] } });
  await ticks();
  expect(listener).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test("a throwing listener does not stop the others", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const { client } = mockPage();
  const told = vi.fn();
  client.subscribe(() => {
    throw new Error("ours");
  });
  client.subscribe(told);
  client.create("boxes", { name: "a" });
  await ticks();
  expect(told).toHaveBeenCalled();
  expect(error).toHaveBeenCalled();
});

test("restored writes are sent first, those without their dependency are given up", async () => {
  const persisted = (write: Partial<PersistedWrite>) =>
    ({ seq: 1, kind: "create", collection: "boxes", requestId: crypto.randomUUID(), optimistic: true, owner: null, after: 0, ...write }) as PersistedWrite;
  const gone: string[] = [];
  const handle: PersistenceHandle = {
    snapshot: undefined,
    writes: [persisted({ id: -5, values: { name: "earlier" } }), persisted({ kind: "update", id: -(2 ** 52) - 9, requestId: "lost", values: { id: -(2 ** 52) - 9, name: "?" } })],
    save: () => {},
    saveWrites: (_, ids = []) => void gone.push(...ids),
    clear: () => {},
    close: async () => {},
  };
  const { client, model, socket, settle } = mockPage({ persistence: { open: async () => handle } });
  const later = client.create("boxes", { name: "later" });
  await ticks();
  expect(gone).toEqual(["lost"]);
  expect(client.rows("boxes").map((box) => box.name)).toEqual(["earlier", "later"]);
  socket.up();
  await ticks();
  settle();
  await ticks();
  settle();
  expect((await later).ok).toBe(true);
  expect([...model.rows.boxes!.values()].map((box) => box.name)).toEqual(["one", "two", "earlier", "later"]);
});

test("values are copied when the write is made", async () => {
  const { client } = mockPage();
  const values = { name: "a", nothing: undefined };
  const { id } = client.create("boxes", values);
  values.name = "b";
  expect(client.row("boxes", id)).toEqual({ id, version: 0, name: "a" });
});

test("two equal creates that arrive together are always displayed as two rows", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const writes = [client.create("boxes", { name: "same" }), client.create("boxes", { name: "same" })];
  const shown = () => client.rows("boxes").filter((box) => box.name === "same").length;
  await ticks();
  expect(shown()).toBe(2);
  model.up();
  model.up();
  model.down(socket.deliver, true);
  expect(shown()).toBe(2);
  settle();
  expect(shown()).toBe(2);
  await ticks();
  // And one after the other.
  const more = [client.create("boxes", { name: "same" }), client.create("boxes", { name: "same" })];
  await ticks();
  for (let n = 0; n < 2; n++) {
    model.up();
    while (model.connection!.down.length) {
      model.down(socket.deliver, false);
      expect(shown()).toBe(4);
    }
  }
  expect((await Promise.all(more)).map((ack) => ack.data.id)).toEqual([5, 6]);
  expect((await Promise.all(writes)).map((ack) => ack.data.id)).toEqual([3, 4]);
});

test("another client's equal row does not replace a placeholder for good", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const [ours, again] = [client.create("boxes", { name: "same" }), client.create("boxes", { name: "same" })];
  await ticks();
  model.write("new_box", { name: "same" });
  model.down(socket.deliver, false);
  // One of three, and it is taken for our first.
  expect(client.rows("boxes").map((box) => box.id)).toEqual([1, 2, 3, again.id]);
  model.up();
  model.up();
  settle();
  await ticks();
  expect(client.row("boxes", ours.id)!.id).toBe(4);
  expect(client.row("boxes", again.id)!.id).toBe(5);
  expect(client.rows("boxes").map((box) => box.id)).toEqual([1, 2, 3, 4, 5]);
});

test("a changed new row hides all placeholders that it may belong to", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const [refused, made] = [client.create("boxes", { name: "bad" }), client.create("boxes", { name: "good" })];
  await ticks();
  model.up();
  model.up();
  socket.down();
  model.write("update_box", { id: 3, name: "theirs" });
  socket.up();
  model.down(socket.deliver, false);
  model.down(socket.deliver, false);
  expect(client.rows("boxes").map((box) => box.id)).toEqual([1, 2, 3]);
  await ticks();
  settle();
  expect((await refused).ok).toBe(false);
  expect(client.row("boxes", made.id)).toMatchObject({ id: 3, name: "theirs" });
});

test("an update with a placeholder's version causes no conflict", async () => {
  const { client, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const write = client.create("boxes", { name: "new" });
  const form = { ...client.row("boxes", write.id)! };
  await ticks();
  settle();
  await write;
  const saved = client.update("boxes", { id: form.id, version: form.version, name: "newer" });
  await ticks();
  settle();
  expect(await saved).toMatchObject({ ok: true, data: { id: 3, name: "newer", version: 2 } });
});

test("rows that a trigger rewrites are displayed beside their placeholder only until the first ack", async () => {
  const { client, model, socket, settle } = mockPage();
  model.rewrite = (name) => name.toUpperCase();
  await ticks();
  socket.up();
  settle();
  const made = async (name: string) => {
    const write = client.create("boxes", { name });
    const most: number[] = [];
    client.subscribe(() => most.push(client.rows("boxes").filter((box) => box.name.toLowerCase() === name).length));
    await ticks();
    model.up();
    while (model.connection!.down.length) {
      model.down(socket.deliver, false);
      await ticks();
    }
    expect(await write).toMatchObject({ ok: true, data: { name: name.toUpperCase() } });
    return Math.max(...most);
  };
  await made("first");
  expect(await made("second")).toBe(1);
  expect(await made("third")).toBe(1);
  expect(client.rows("boxes").map((box) => box.name)).toEqual(["one", "two", "FIRST", "SECOND", "THIRD"]);
});

test("without rewrites, another client's new row hides no placeholder", async () => {
  const { client, model, socket, settle } = mockPage();
  await ticks();
  socket.up();
  settle();
  const before = client.create("boxes", { name: "before" });
  await ticks();
  settle();
  expect((await before).ok).toBe(true);
  const ours = client.create("boxes", { name: "ours" });
  await ticks();
  model.write("new_box", { name: "theirs" });
  model.down(socket.deliver, false);
  expect(client.rows("boxes").map((box) => box.name)).toEqual(["one", "two", "before", "theirs", "ours"]);
  settle();
  expect((await ours).ok).toBe(true);
});
