// A database that is closed, deleted, full or forbidden under a page that lives on: what it was to keep is written
// again, and the page says meanwhile that nothing is kept.

import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryTokens } from "../../src/index.ts";
import { browser } from "../support/browser.ts";
import { waitUntilRestored, page } from "../support/page.ts";
import { faultyRelay } from "../support/relay.ts";
import { startServer, type Gym } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

browser();
afterEach(() => void vi.restoreAllMocks());

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };
const keeps = (gym: Gym) => waitForClient(gym, () => gym.connection().persisted, "it to be kept");
const keepsNothing = (gym: Gym) => waitForClient(gym, () => gym.connection().persistenceError, "the reason why not");

// The connections that pages have to their databases.
function connections(): IDBDatabase[] {
  const all: IDBDatabase[] = [];
  const open = IDBFactory.prototype.open;
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(function (this: IDBFactory, ...how: [string, number?]) {
    const request = open.apply(this, how);
    request.addEventListener("success", () => all.push(request.result));
    return request;
  });
  return all;
}

const full = () =>
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });

const losses: [string, (all: IDBDatabase[]) => void][] = [
  ["another page deletes it", () => void indexedDB.deleteDatabase("rowcast gym")],
  // As WebKit does to tabs in the background.
  ["the browser closes it", (all) => (all[0]!.close(), all[0]!.onclose!(new Event("close")))],
  ["the browser closes it and says nothing", (all) => all[0]!.close()],
];

test.each(losses)("%s: offline writes and the snapshot are restored by the next page", async (_, lose) => {
  const all = connections();
  const server = await startServer();
  const between = await faultyRelay(server);
  const first = page(between.url);
  await waitUntilLive(first.gym);
  expect(first.gym.connection()).toMatchObject({ persisted: true, persistenceError: undefined });
  await first.gym.update("coaches", { id: 1, age: 50 });
  between.cut();
  await waitForClient(first.gym, () => first.gym.connection().state !== "live", "the connection to be gone");
  const before = first.gym.create("coaches", ada);
  lose(all);
  void first.gym.create("coaches", { ...ada, name: "Grace Hopper" });
  await expect.poll(() => all.length).toBeGreaterThan(1);
  await keeps(first.gym);
  const rows = first.gym.rows("schedules");
  await first.leave();

  const { gym } = page(between.url);
  await waitForClient(gym, () => gym.connection().pendingCount === 2, "the writes");
  expect(gym.connection()).toMatchObject({ ready: true, persisted: true });
  expect(gym.rows("schedules")).toEqual(rows);
  expect(gym.row("coaches", 1)).toMatchObject({ age: 50 });
  expect(gym.row("coaches", before.id)).toMatchObject({ name: "Ada Byron" });
  between.mend();
  gym.reconnect();
  await waitForClient(gym, () => gym.connection().pendingCount === 0, "the writes to be sent");
  expect(gym.rows("coaches").map((row) => row.name).slice(5)).toEqual(["Ada Byron", "Grace Hopper"]);
});

test("writes acked while nothing can be stored are not sent by the next page", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const first = page(between.url);
  await waitUntilLive(first.gym);
  between.cut();
  await waitForClient(first.gym, () => first.gym.connection().state !== "live", "the connection to be gone");
  const write = first.gym.create("coaches", ada);
  await keeps(first.gym);
  const put = full();
  void first.gym.update("coaches", { id: 1, age: 51 });
  await keepsNothing(first.gym);
  expect(first.gym.connection()).toMatchObject({ persisted: false, persistenceError: "QuotaExceededError: full" });
  between.mend();
  first.gym.reconnect();
  expect(await write).toMatchObject({ ok: true });
  await waitForClient(first.gym, () => first.gym.connection().pendingCount === 0, "the writes to be answered");
  put.mockRestore();
  await first.gym.update("coaches", { id: 2, age: 52 });
  await keeps(first.gym);
  await first.leave();
  await server.stop();

  const { gym } = page(between.url);
  await waitUntilRestored(gym);
  expect(gym.connection().pendingCount).toBe(0);
  expect(gym.row("coaches", 2)).toMatchObject({ age: 52 });
  expect(gym.rows("coaches")).toHaveLength(6);
});

test("a full database is reported, and everything is stored once there is space", async () => {
  const server = await startServer();
  const put = full();
  const { gym, leave } = page(server.url);
  await waitUntilLive(gym);
  await keepsNothing(gym);
  expect(gym.connection()).toMatchObject({ state: "live", persisted: false });
  put.mockRestore();
  await gym.update("coaches", { id: 1, age: 50 });
  await keeps(gym);
  expect(gym.connection().persistenceError).toBeUndefined();
  const rows = gym.rows("coaches");
  await leave();
  await server.stop();
  const next = page(server.url);
  await waitUntilRestored(next.gym);
  expect(next.gym.rows("coaches")).toEqual(rows);
});

describe("forbidden", () => {
  test("forbidden storage is reported, and everything else works", async () => {
    vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
      throw new DOMException("not in this window", "SecurityError");
    });
    const { gym } = page((await startServer()).url);
    await waitUntilLive(gym);
    expect(await gym.create("coaches", ada)).toMatchObject({ ok: true });
    expect(gym.connection()).toMatchObject({ persisted: false, persistenceError: "SecurityError: not in this window" });
  });

  test("storage that is allowed later receives everything", async () => {
    const server = await startServer();
    const open = vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
      throw new DOMException("not just now", "UnknownError");
    });
    const { gym, leave } = page(server.url);
    await waitUntilLive(gym);
    await keepsNothing(gym);
    open.mockRestore();
    await gym.update("coaches", { id: 1, age: 50 });
    await keeps(gym);
    const rows = gym.rows("coaches");
    await leave();
    await server.stop();
    const next = page(server.url);
    await waitUntilRestored(next.gym);
    expect(next.gym.rows("coaches")).toEqual(rows);
  });
});

test("a member's snapshot that cannot be deleted is deleted on recovery", async () => {
  const server = await startServer(["--access", "members"]);
  const tokens = memoryTokens();
  const { gym, leave } = page(server.url, { tokens });
  await waitForClient(gym, () => gym.connection().needsSignIn && gym.connection().state === "live", "the sign-in");
  await gym.login({ username: "mara", password: "mara_password" });
  await keeps(gym);
  const clear = vi.spyOn(IDBObjectStore.prototype, "clear").mockImplementation(() => {
    throw new DOMException("broken", "UnknownError");
  });
  await gym.logout();
  await keepsNothing(gym);
  clear.mockRestore();
  await leave();
  await server.stop();
  const next = page(server.url, { tokens });
  await waitForClient(next.gym, () => next.gym.connection().state === "reconnecting", "a vain try");
  expect(next.gym.connection().ready).toBe(false);
  expect(next.gym.rows("coaches")).toEqual([]);
});

test("a client without persistence reports neither success nor error", async () => {
  const gym = (await startServer()).open();
  await waitUntilLive(gym);
  expect(gym.connection()).toMatchObject({ persisted: false, persistenceError: undefined });
});
