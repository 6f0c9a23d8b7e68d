// What outlives the page: the last picture, and the writes that wait.

import { describe, expect, test, vi } from "vitest";
import { schema } from "../../../api-schema/generated/schema.ts";
import { createClient, memoryTokens, type ClientOptions } from "../../src/index.ts";
import { indexedDb } from "../../src/indexeddb.ts";
import { browser } from "../support/browser.ts";
import { waitUntilRestored, page } from "../support/page.ts";
import { faultyRelay } from "../support/relay.ts";
import { startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient, withTimeout } from "../support/wait.ts";

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };

describe.each([["with Web Locks", true], ["without", false]])("%s", (_, locks) => {
  browser({ locks });

  test("the stored snapshot is displayed before the network is up, and is then updated by changes", async () => {
    const server = await startServer();
    const between = await faultyRelay(server);
    const first = page(between.url);
    await waitUntilLive(first.gym);
    await first.gym.update("coaches", { id: 1, name: "Mara L." });
    const before = { coaches: first.gym.rows("coaches"), schedules: first.gym.rows("schedules") };
    await first.leave();
    between.cut();

    const { gym } = page(between.url);
    await waitUntilRestored(gym);
    expect(gym.connection().state).not.toBe("live");
    expect(gym.rows("coaches")).toEqual(before.coaches);
    expect(gym.rows("schedules")).toEqual(before.schedules);

    const other = server.open();
    await waitUntilLive(other);
    await other.update("coaches", { id: 2, name: "Teo O." });
    await other.delete("schedules", 1);
    between.mend();
    gym.reconnect();
    await waitUntilLive(gym);
    expect(gym.rows("coaches")).toEqual(other.rows("coaches"));
    expect(gym.rows("schedules")).toEqual(other.rows("schedules"));
    expect(between.sent()).toContain('42["changes",');
    expect(between.sent()).not.toContain('42["coaches",');
  });

  test("offline writes are sent once by the next page", async () => {
    const server = await startServer();
    const between = await faultyRelay(server);
    const first = page(between.url);
    await waitUntilLive(first.gym);
    between.cut();
    await waitForClient(first.gym, () => first.gym.connection().state !== "live", "the connection to be gone");
    const coach = first.gym.create("coaches", ada);
    void first.gym.create("schedules", { day: "Monday", hour: "600", coach: { id: coach.id }, workout_plan: { id: 1 } });
    void first.gym.update("coaches", { id: coach.id, version: 0, age: 37 });
    await first.leave();

    const { gym } = page(between.url);
    await waitForClient(gym, () => gym.connection().pendingCount === 3, "the writes");
    expect(gym.row("coaches", coach.id)).toMatchObject({ name: "Ada Byron", age: 37 });
    expect(gym.pending("coaches", coach.id)).toBe("create");
    between.mend();
    gym.reconnect();
    await waitForClient(gym, () => gym.connection().pendingCount === 0, "the writes to be sent");
    expect(gym.rows("coaches").slice(5)).toMatchObject([{ id: 6, name: "Ada Byron", age: 37, version: 2 }]);
    expect(gym.rows("schedules").filter((row) => row.coach.id === 6)).toHaveLength(1);
  });

  test("onRestoredWriteSettled is called with the acks of restored writes, and with the values of refused ones", async () => {
    const server = await startServer();
    const between = await faultyRelay(server);
    const first = page(between.url);
    await waitUntilLive(first.gym);
    between.cut();
    await waitForClient(first.gym, () => first.gym.connection().state !== "live", "the connection to be gone");
    void first.gym.create("coaches", ada);
    void first.gym.create("coaches", { ...ada, name: "Bob", age: 17 });
    await first.leave();

    const told: unknown[] = [];
    const onRestoredWriteSettled: ClientOptions["onRestoredWriteSettled"] = ({ kind, values }, { ok, errors }) => told.push([kind, values.name, ok, errors]);
    const { gym } = page(between.url, { onRestoredWriteSettled });
    await waitForClient(gym, () => gym.connection().pendingCount === 2, "the writes");
    between.mend();
    gym.reconnect();
    await waitForClient(gym, () => gym.connection().pendingCount === 0, "the writes to be answered");
    // Its own writes have promises of their own.
    await gym.update("coaches", { id: 1, age: 17 });
    expect(told).toEqual([
      ["create", "Ada Byron", true, {}],
      ["create", "Bob", false, { age: "must be at least 18" }],
    ]);
  });

  test("a page closed between commit and ack: the next page displays the row once", async () => {
    const server = await startServer();
    const between = await faultyRelay(server);
    const [first, other] = [page(between.url), server.open()];
    await Promise.all([waitUntilLive(first.gym), waitUntilLive(other)]);
    const cut = between.cutNextAck();
    void first.gym.create("coaches", ada);
    await withTimeout(cut, "the ack to be cut off");
    between.cut();
    await waitForClient(other, () => other.row("coaches", 6), "it to be committed");
    await first.leave();

    const { gym } = page(between.url);
    const seen = new Set<number>();
    gym.subscribe(() => seen.add(gym.rows("coaches").filter((row) => row.name === ada.name).length));
    await waitForClient(gym, () => gym.connection().pendingCount === 1, "the write");
    between.mend();
    gym.reconnect();
    await waitForClient(gym, () => gym.connection().pendingCount === 0, "its ack");
    expect(gym.rows("coaches")).toEqual(other.rows("coaches"));
    expect(Math.max(...seen)).toBe(1);
  });

  test("a snapshot of other types or of another server is not displayed", async () => {
    const [server, other] = [await startServer(), await startServer([], "never")];
    const first = page(server.url);
    await waitUntilLive(first.gym);
    await first.leave();
    const second = page(other.url);
    await waitUntilLive(second.gym);
    expect(second.gym.rows("coaches")).toEqual([]);
    await second.leave();

    const third = page(server.url);
    await waitUntilLive(third.gym);
    await third.leave();
    await server.stop();
    const changed = createClient({ ...schema, hash: "other" }, { url: server.url, persistence: indexedDb("gym") });
    await waitForClient(changed, () => changed.connection().state === "reconnecting", "a vain try");
    expect(changed.connection().ready).toBe(false);
    changed.close();
  });
});

describe("several pages", () => {
  browser();

  test("one page stores the snapshot, and another takes over when it is closed", async () => {
    const server = await startServer();
    const [one, two] = [page(server.url), page(server.url)];
    await Promise.all([waitUntilLive(one.gym), waitUntilLive(two.gym)]);
    await one.gym.update("coaches", { id: 1, name: "Mara L." });
    await one.leave();
    await two.gym.update("coaches", { id: 2, name: "Teo O." });
    const rows = two.gym.rows("coaches");
    await two.leave();
    await server.stop();
    const { gym } = page(server.url);
    await waitUntilRestored(gym);
    expect(gym.rows("coaches")).toEqual(rows);
  });

  test("a page takes over the writes of a closed page, not of an open one", async () => {
    const server = await startServer();
    const between = await faultyRelay(server);
    const one = page(between.url);
    await waitUntilLive(one.gym);
    between.cut();
    await waitForClient(one.gym, () => one.gym.connection().state !== "live", "the connection to be gone");
    void one.gym.create("coaches", ada);
    const two = page(server.url, { url: between.url });
    await waitUntilRestored(two.gym);
    expect(two.gym.connection().pendingCount).toBe(0);
    await one.leave();
    // It had been waiting for the picture, and looks for writes when it gets it.
    await waitForClient(two.gym, () => two.gym.connection().pendingCount === 1, "the write");
    between.mend();
    two.gym.reconnect();
    await waitForClient(two.gym, () => two.gym.connection().pendingCount === 0, "it to be sent");
    expect(two.gym.rows("coaches").filter((row) => row.name === ada.name)).toHaveLength(1);
  });
});

describe("without storage", () => {
  browser();

  async function works(url: string) {
    const { gym } = page(url);
    await waitUntilLive(gym);
    expect(await gym.create("coaches", ada)).toMatchObject({ ok: true });
    expect(gym.rows("coaches")).toHaveLength(6);
  }

  test("a window without IndexedDB works otherwise", async () => {
    globalThis.indexedDB.open = () => {
      throw new DOMException("not here", "SecurityError");
    };
    await works((await startServer()).url);
  });

  test("a full database leaves everything else working", async () => {
    const server = await startServer();
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    await works(server.url);
    put.mockRestore();
    // There is room again: what is kept is whole.
    const { gym, leave } = page(server.url);
    await waitUntilLive(gym);
    await gym.update("coaches", { id: 1, age: 50 });
    const rows = gym.rows("coaches");
    await leave();
    await server.stop();
    const next = page(server.url);
    await waitUntilRestored(next.gym);
    expect(next.gym.rows("coaches")).toEqual(rows);
  });

  test("free space is used again by the same page", async () => {
    const server = await startServer();
    const { gym, leave } = page(server.url);
    await waitUntilLive(gym);
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    await gym.update("coaches", { id: 1, age: 50 });
    put.mockRestore();
    await gym.update("coaches", { id: 2, age: 51 });
    const rows = gym.rows("coaches");
    await leave();
    await server.stop();
    const next = page(server.url);
    await waitUntilRestored(next.gym);
    expect(next.gym.rows("coaches")).toEqual(rows);
  });
});

describe("with access mode members", () => {
  browser();
  const mara = { username: "mara", password: "mara_password" };

  test("sign-out deletes the stored rows", async () => {
    const server = await startServer(["--access", "members"]);
    const tokens = memoryTokens();
    const first = page(server.url, { tokens });
    await waitForClient(first.gym, () => first.gym.connection().state === "live", "the connection");
    await first.gym.login(mara);
    await first.leave();

    const second = page(server.url, { tokens });
    await waitUntilRestored(second.gym);
    await waitUntilLive(second.gym);
    expect(second.gym.connection().user).toMatchObject({ username: "mara" });
    await second.gym.logout();
    await second.leave();

    await server.stop();
    const third = page(server.url, { tokens });
    await waitForClient(third.gym, () => third.gym.connection().state === "reconnecting", "a vain try");
    expect(third.gym.connection()).toMatchObject({ ready: false });
    expect(third.gym.rows("coaches")).toEqual([]);
  });

  test("another user's snapshot is neither displayed nor updated", async () => {
    const server = await startServer(["--access", "members"]);
    const tokens = memoryTokens();
    const first = page(server.url, { tokens });
    await waitForClient(first.gym, () => first.gym.connection().state === "live", "the connection");
    await first.gym.login(mara);
    await first.leave();

    const other = server.open({ tokens });
    await waitUntilLive(other);
    await other.logout();
    await other.login({ username: "teo", password: "teo_password" });
    const { gym } = page(server.url, { tokens });
    await waitForClient(gym, () => gym.connection().user?.username === "teo" && gym.connection().state === "live", "teo");
    expect(gym.rows("coaches")).toEqual(other.rows("coaches"));
  });
});
