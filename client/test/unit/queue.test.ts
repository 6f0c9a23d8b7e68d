// What of our writes waits for what, and for how long.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryPersistence } from "../interleaving/memory-persistence.ts";
import { ModelSocket } from "../interleaving/socket.ts";
import { mockPage, ticks } from "./mock-socket.ts";

vi.mock("socket.io-client", () => ({ io: (_: string, options: any) => new ModelSocket(options) }));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

const hours = (n: number) => n * 60 * 60 * 1000;

async function connected(options: Parameters<typeof mockPage>[0] = {}) {
  const page = mockPage(options);
  await ticks();
  page.socket.up();
  page.settle();
  const pass = async (time: number) => {
    for (let passed = 0; passed < time; passed += 100) {
      vi.advanceTimersByTime(100);
      await ticks();
      page.settle();
    }
    await ticks();
  };
  await ticks();
  page.settle();
  return { ...page, pass };
}
const names = (model: { rows: Record<string, Map<number, any>> }) => [...model.rows.boxes!.values()].map((box) => box.name);

test("a row that is locked makes only writes to it wait, and what builds on them", async () => {
  const { client, model, pass } = await connected();
  model.held = "boxes 1";
  const [first, second] = [client.update("boxes", { id: 1, name: "first" }), client.update("boxes", { id: 1, name: "second" })];
  await pass(100);
  const [other, made] = [client.update("boxes", { id: 2, name: "other" }), client.create("boxes", { name: "made" })];
  await pass(100);
  expect(await other).toMatchObject({ ok: true });
  expect(await made).toMatchObject({ ok: true });
  expect(client.connection().pendingCount).toBe(2);
  expect(client.row("boxes", 1)).toMatchObject({ name: "second" });
  // For as long as it takes, at most half a minute apart.
  await pass(120_000);
  expect(client.connection().pendingCount).toBe(2);
  const later = client.update("boxes", { id: 2, name: "later" });
  await pass(100);
  expect(await later).toMatchObject({ ok: true });
  model.held = undefined;
  await pass(31_000);
  expect((await first).data).toMatchObject({ name: "first" });
  expect((await second).data).toMatchObject({ name: "second" });
  expect(model.broken).toEqual([]);
});

test("what names a row that cannot be made just yet waits with it, and nothing else does", async () => {
  const { client, model, pass } = await connected();
  model.locked = 1;
  const box = client.create("boxes", { name: "box" });
  const label = client.create("labels", { text: "on it", box: { id: box.id } });
  const ofLabel = client.update("labels", { id: label.id, text: "on it still" });
  await pass(100);
  const other = client.create("boxes", { name: "other" });
  await pass(100);
  expect(await other).toMatchObject({ ok: true, data: { id: 3 } });
  expect(client.connection().pendingCount).toBe(3);
  await pass(4100);
  expect(await box).toMatchObject({ ok: true, data: { id: 4 } });
  expect(await label).toMatchObject({ ok: true, data: { box: { id: 4 } } });
  expect(await ofLabel).toMatchObject({ ok: true, data: { text: "on it still" } });
});

test("while one is tried again, what it held back stays behind it, and the rest does not wait for its answer", async () => {
  const { client, model, socket, pass } = await connected();
  model.held = "boxes 1";
  void client.update("boxes", { id: 1, name: "first" });
  void client.update("boxes", { id: 1, name: "second" });
  await pass(100);
  // The server is at it, and waits for the lock.
  vi.advanceTimersByTime(4000);
  await ticks();
  expect(model.connection!.up).toHaveLength(1);
  void client.update("boxes", { id: 2, name: "other" });
  await ticks();
  expect(model.connection!.up.map(([event, payload]) => [event, payload.name])).toEqual([["update_box", "first"], ["update_box", "other"]]);
  socket.down();
  model.held = undefined;
  socket.up();
  await pass(31_000);
  expect(names(model)).toEqual(["second", "other"]);
});

test.each([["carried out", true], ["not carried out", false]])("a write of unknown outcome, which was %s, is asked after until it is known", async (_, carriedOut) => {
  const { client, model, pass } = await connected();
  Object.assign(model, { unknown: 1, carriedOut });
  const write = client.create("boxes", { name: "who knows" });
  const builds = client.update("boxes", { id: write.id, name: "known" });
  await pass(100);
  const other = client.update("boxes", { id: 1, name: "other" });
  await pass(100);
  expect(await other).toMatchObject({ ok: true });
  expect(client.rows("boxes").map((box) => box.name)).toEqual(["other", "two", "known"]);
  await pass(4100);
  expect(await write).toMatchObject({ ok: true, data: { id: 3, name: "who knows" } });
  expect(await builds).toMatchObject({ ok: true });
  expect(names(model)).toEqual(["other", "two", "known"]);
});

test("a write whose outcome stays unknown is neither refused nor dropped, until the server may have forgotten it", async () => {
  const { client, model, pass } = await connected();
  Object.assign(model, { unknown: Infinity, carriedOut: true });
  const answered = vi.fn();
  const write = client.create("boxes", { name: "once" });
  void write.then(answered);
  await pass(hours(0.2));
  expect(answered).not.toHaveBeenCalled();
  expect(names(model)).toEqual(["one", "two", "once"]);
  model.unknown = 0;
  await pass(31_000);
  expect(await write).toMatchObject({ ok: true, data: { id: 3 } });
});

test("a database that is gone makes all writes wait, those that a lock holds back included", async () => {
  const { client, model, pass } = await connected();
  model.held = "boxes 1";
  void client.update("boxes", { id: 1, name: "first" });
  await pass(100);
  model.unavailable = 1000;
  void client.update("boxes", { id: 2, name: "second" });
  void client.create("boxes", { name: "third" });
  await pass(5000);
  expect(names(model)).toEqual(["one", "two"]);
  Object.assign(model, { unavailable: 0, held: undefined });
  await pass(31_000);
  expect(names(model)).toEqual(["first", "second", "third"]);
  expect(client.connection().pendingCount).toBe(0);
});

test.each([["two days on", 48], ["two days back", -48], ["ten years on", 87_600]])("a device's clock that is set %s makes no young write old", async (_, jump) => {
  const { client, model, socket, pass } = await connected();
  const write = client.create("boxes", { name: "young" });
  await ticks();
  model.up();
  socket.down();
  vi.setSystemTime(Date.now() + hours(jump));
  socket.up();
  await pass(100);
  expect(await write).toMatchObject({ ok: true, data: { id: 3 } });
  expect(names(model)).toEqual(["one", "two", "young"]);
});

test.each([["asleep", 0], ["asleep, and its clock set back", -30]])("a write of a day ago is not sent again by a device that was %s", async (_, set) => {
  const { client, model, socket, pass } = await connected();
  const write = client.create("boxes", { name: "old" });
  await ticks();
  model.up();
  socket.down();
  // Its timers stand still meanwhile.
  model.slept += hours(24);
  vi.setSystemTime(Date.now() + hours(24 + set));
  socket.up();
  await pass(100);
  expect(Object.keys((await write).errors)).toEqual(["$expired"]);
  expect(model.broken).toEqual([]);
});

test("a clock that is set while no page is open makes no write of an earlier page old or young", async () => {
  const memory = new MemoryPersistence();
  const first = await connected({ persistence: memory });
  void first.client.create("boxes", { name: "kept" });
  await ticks();
  first.model.up();
  first.socket.down();
  first.client.close();
  const [write] = memory.writes.values();
  const next = async (slept: number) => {
    vi.setSystemTime(Date.now() - hours(1000));
    const page = mockPage({ persistence: memory });
    page.model.slept = slept;
    page.model.requests = first.model.requests;
    await ticks();
    page.socket.up();
    await ticks();
    page.settle();
    return page;
  };
  const page = await next(hours(1));
  expect(page.client.connection().pendingCount).toBe(0);
  expect(names(page.model)).toEqual(["one", "two"]);
  // So old that the server has forgotten it: it would be made once more.
  memory.writes.set(write!.requestId, write!);
  first.model.requests.clear();
  const late = await next(hours(25));
  expect(late.client.connection().pendingCount).toBe(0);
  expect(names(late.model)).toEqual(["one", "two"]);
});

test("stand-ins of several pages have ids of their own, whatever the clock says", async () => {
  vi.setSystemTime(0);
  const ids = new Set<number>();
  for (let page = 0; page < 50; page++) {
    vi.resetModules();
    const { temporaryId } = await import("../../src/pending.ts");
    for (let n = 0; n < 20; n++) ids.add(temporaryId());
  }
  expect(ids.size).toBe(1000);
  expect([...ids].every((id) => id < 0 && Number.isSafeInteger(id))).toBe(true);
});
