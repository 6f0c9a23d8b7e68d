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

test("the snapshots of one connect are told as one", async () => {
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

test("a write that was sent 23 hours ago is not sent again", async () => {
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

test("a write that was never sent is sent however old it is", async () => {
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

test("what the server cannot do just now is tried again, later each time, and newer writes wait", async () => {
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

test("types that differ are named and warned of once", async () => {
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

test("a refusal to let us in says why, and a server that cannot is asked again", async () => {
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

test("what shows only the details of a changed row has not been touched", async () => {
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

test("a row that somebody else changed before we heard of it never stands beside its stand-in", async () => {
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

test("a closed client answers, and nothing of it is left behind", async () => {
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

test("a listener that fails keeps nobody else from being told", async () => {
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

test("writes of an earlier page go first, those that lost what they build on are given up", async () => {
  const persisted = (write: Partial<PersistedWrite>) =>
    ({ seq: 1, kind: "create", collection: "boxes", requestId: crypto.randomUUID(), optimistic: true, owner: null, after: 0, ...write }) as PersistedWrite;
  const gone: string[] = [];
  const handle: PersistenceHandle = {
    snapshot: undefined,
    writes: [persisted({ id: -5, values: { name: "earlier" } }), persisted({ kind: "update", id: -9, requestId: "lost", values: { id: -9, name: "?" } })],
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

test("what a caller does to the values afterwards changes nothing", async () => {
  const { client } = mockPage();
  const values = { name: "a", nothing: undefined };
  const { id } = client.create("boxes", values);
  values.name = "b";
  expect(client.row("boxes", id)).toEqual({ id, version: 0, name: "a" });
});

test("two writes of the same, told of together, show as two rows at all times", async () => {
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

test("somebody else's row that looks like ours gives its place back", async () => {
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

test("a changed row may be what any of our writes made, and stands beside none of them", async () => {
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

test("a form that was opened on a stand-in saves the real row, and is no conflict", async () => {
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

test("where a trigger rewrites what is made, a row stands beside its stand-in at most until that is known", async () => {
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

test("where nothing is rewritten, somebody else's new row hides none of ours", async () => {
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
