// A first picture that comes in parts, and what a connection is called meanwhile.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryTokens } from "../../src/index.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { mockPage, ticks } from "./mock-socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const connected = { data: "", sid: "", user: null, access: "open", time: 1.9e12 };
const box = (id: number, name = `box ${id}`) => ({ id, version: 1, name });
const label = (id: number) => ({ id, version: 1, text: "a", box: { id: 1, name: "box 1" } });
const names = (client: { rows(collection: string): readonly any[] }) => client.rows("boxes").map((one) => one.name);

// The server is what the test says it is.
async function page(options: Parameters<typeof mockPage>[0] = {}) {
  const { client, socket, model } = mockPage(options);
  const asked: any[] = [];
  model.connect = (auth) => {
    asked.push(auth);
    model.connection = { up: [], down: [], at: 0 };
  };
  await ticks();
  const { deliver } = socket;
  const up = (user: object | null = null, access = "open") => {
    socket.up();
    deliver("connected", { ...connected, user, access });
  };
  const parts = (...all: object[]) => all.forEach((part, at) => deliver("part", { n: at + 1, of: 4, ...part }));
  return { client, socket, model, asked, deliver, up, parts };
}
const first = [
  { collection: "boxes", rows: [box(1), box(2)] },
  { collection: "boxes", rows: [box(3)] },
  { collection: "labels", rows: [] },
];
const last = { n: 4, of: 4, collection: "labels", rows: [label(9)], cursor: "7" };

test("snapshot parts are requested, and displayed with the last one", async () => {
  const { client, asked, deliver, up, parts } = await page();
  up();
  expect(asked).toMatchObject([{ live: "changes", chunks: true, since: undefined }]);
  parts(...first);
  expect(client.connection()).toMatchObject({ state: "connecting", ready: false });
  expect(names(client)).toEqual([]);
  deliver("part", last);
  expect(client.connection()).toMatchObject({ state: "live", ready: true, withheld: [] });
  expect(names(client)).toEqual(["box 1", "box 2", "box 3"]);
  expect(client.rows("labels")).toEqual([label(9)]);
});

test("an incomplete snapshot is dropped on disconnect, and the previous rows stay", async () => {
  const { client, socket, asked, deliver, up, parts } = await page();
  up();
  parts(...first);
  deliver("part", last);
  socket.down();
  up();
  expect(asked.at(-1).since).toBe("7");
  // The server has forgotten that cursor.
  parts({ collection: "boxes", rows: [box(5)] }, { collection: "boxes", rows: [box(6)] });
  expect(client.connection().state).toBe("reconnecting");
  socket.down();
  expect(names(client)).toEqual(["box 1", "box 2", "box 3"]);
  up();
  expect(asked.at(-1).since).toBe("7");
  deliver("changes", { cursor: "8", boxes: { upserted: [box(4)], deleted: [1] } });
  expect(names(client)).toEqual(["box 2", "box 3", "box 4"]);
  expect(client.connection().state).toBe("live");
});

test("a snapshot removes missing rows, and a later one replaces an unfinished one", async () => {
  const { client, deliver, up, parts } = await page();
  up();
  parts(...first);
  deliver("part", last);
  parts({ collection: "boxes", rows: [box(8)] });
  expect(client.connection().state).toBe("reconnecting");
  deliver("part", { n: 1, of: 2, collection: "boxes", rows: [box(2, "other")] });
  deliver("part", { n: 2, of: 2, collection: "labels", rows: [], cursor: "9" });
  expect(names(client)).toEqual(["other"]);
  expect(client.rows("labels")).toEqual([]);
  expect(client.connection().state).toBe("live");
});

test("a withheld collection is reported with the last part", async () => {
  const { client, deliver, up } = await page();
  up();
  const withheld = [{ collection: "labels", limit: 8, reason: "larger than 8 bytes" }];
  deliver("part", { n: 1, of: 1, collection: "boxes", rows: [box(1)], cursor: "7", withheld });
  expect(client.connection()).toMatchObject({ state: "live", ready: true, withheld: ["labels"] });
  // It is small again, which comes whole and with a change.
  deliver("labels", [label(9)], { cursor: "8" });
  deliver("changes", { cursor: "9" });
  expect(client.connection()).toMatchObject({ state: "live", withheld: [] });
  expect(client.rows("labels")).toHaveLength(1);
});

test("an ack between parts is applied with the snapshot: the row is never displayed beside its placeholder", async () => {
  const { client, model, deliver, up, parts } = await page();
  up();
  parts(...first);
  deliver("part", last);
  const write = client.create("boxes", { name: "ours" });
  const answered = vi.fn();
  void write.then(answered);
  await ticks();
  const ack = model.connection!.up[0]![3];
  // A client that was slow is sent all of it again.
  parts({ collection: "boxes", rows: [box(1), box(2), box(3)] });
  ack({ ok: true, data: box(10, "ours"), errors: {} });
  await ticks();
  expect(answered).not.toHaveBeenCalled();
  expect(names(client).filter((name) => name === "ours")).toHaveLength(1);
  deliver("part", { n: 2, of: 3, collection: "boxes", rows: [box(10, "ours")] });
  deliver("part", { n: 3, of: 3, collection: "labels", rows: [], cursor: "9" });
  await ticks();
  expect(answered).toHaveBeenCalledTimes(1);
  expect(client.row("boxes", write.id)).toEqual(box(10, "ours"));
  expect(names(client).filter((name) => name === "ours")).toHaveLength(1);
});

test("an ack between parts of a dropped snapshot is requested again", async () => {
  const { client, socket, model, up, parts, deliver } = await page();
  up();
  parts(...first);
  deliver("part", last);
  const write = client.create("boxes", { name: "ours" });
  await ticks();
  const [, , { request_id }, ack] = model.connection!.up[0]!;
  parts({ collection: "boxes", rows: [] });
  ack({ ok: true, data: box(10, "ours"), errors: {} });
  socket.down();
  up();
  await ticks();
  expect(model.connection!.up[0]![2]).toEqual({ request_id });
  deliver("changes", { cursor: "9", boxes: { upserted: [box(10, "ours")], deleted: [] } });
  model.connection!.up[0]![3]({ ok: true, data: box(10, "ours"), errors: {} });
  expect(await write).toMatchObject({ ok: true, data: { id: 10 } });
});

test("parts that arrive after a sign-out are not displayed", async () => {
  const { client, deliver, up, parts } = await page({ tokens: memoryTokens() });
  up({ id: 1, version: 1, name: "Mara" }, "members");
  parts(...first);
  deliver("signed_out", { reason: "ended elsewhere" });
  deliver("part", last);
  expect(client.connection()).toMatchObject({ ready: false, user: null, needsSignIn: true });
  expect(names(client)).toEqual([]);
  expect(client.rows("labels")).toEqual([]);
});

test("a client is not live between snapshots of a server without parts", async () => {
  const { client, deliver, up } = await page();
  up();
  deliver("boxes", [box(1)], { cursor: "7.1" });
  expect(client.connection().state).toBe("connecting");
  deliver("labels", [], { cursor: "7" });
  expect(client.connection().state).toBe("live");
  deliver("boxes", [box(1), box(2)], { cursor: "8.1" });
  expect(client.connection().state).toBe("reconnecting");
  expect(names(client)).toEqual(["box 1"]);
  deliver("labels", [], { cursor: "8" });
  expect(client.connection().state).toBe("live");
  expect(names(client)).toEqual(["box 1", "box 2"]);
});
