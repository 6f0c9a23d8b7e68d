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

test("a locked row delays only writes to it and their dependents", async () => {
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

test("a delayed create delays only its dependents", async () => {
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

test("a retried write still blocks its dependents, and no other writes", async () => {
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

test.each([["carried out", true], ["not carried out", false]])("a write with an unknown outcome, which was %s, is repeated until the outcome is known", async (_, carriedOut) => {
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

test("a write with an unknown outcome stays pending until it expires", async () => {
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

test("an unavailable database delays all writes, including those behind a lock", async () => {
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

test.each([["two days on", 48], ["two days back", -48], ["ten years on", 87_600]])("a device clock set %s does not expire a recent write", async (_, jump) => {
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

test.each([["asleep", 0], ["asleep, and its clock set back", -30]])("a write sent a day ago expires on a device that was %s", async (_, set) => {
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

test("a clock change between pages does not alter the age of restored writes", async () => {
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

test("placeholder ids of several pages differ, whatever the clock", async () => {
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
