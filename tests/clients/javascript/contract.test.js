// What a front end written today does, over a stock socket.io-client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { collections, nextEvent, startServer } from "@rowcast/test-support";

const coach = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

test("connect delivers all collections", async (t) => {
  const server = await startServer(t);
  const { socket, store, waitFor } = server.open();
  const order = [];
  socket.onAny((event) => order.push(event));
  const greeting = await nextEvent(socket, "connected");
  await waitFor("the gym", () => true);

  assert.deepEqual(order, ["connected", ...collections]);
  const { data, sid, user, schema } = greeting;
  assert.deepEqual({ data, sid, user }, { data: `id: ${socket.id} is connected`, sid: socket.id, user: null });
  assert.deepEqual(Object.keys(schema.collections).sort(), [...collections, "events"].sort());
  assert.deepEqual(collections.map((name) => store[name].length), [5, 3, 6, 36]);
  assert.equal(socket.io.engine.transport.name, "websocket");
});

test("a write reaches its writer before the ack, and every other client", async (t) => {
  const server = await startServer(t, { sample: "never" });
  const [mine, ...others] = Array.from({ length: 4 }, () => server.open());
  await Promise.all([mine, ...others].map((page) => page.waitFor("the gym", () => true)));

  const { ok, data, errors } = await mine.request("new_coach", coach);
  assert.deepEqual([ok, errors], [true, {}]);
  assert.deepEqual(data, { id: 1, ...coach, username: null, version: 1 });
  assert.deepEqual(mine.store.coaches, [data]);
  for (const other of others) {
    await other.waitFor("the new coach", ({ coaches }) => coaches.length === 1);
    assert.deepEqual(other.store.coaches, [data]);
  }

  const [changed] = await Promise.all([
    mine.request("update_coach", { id: 1, age: 37, version: 1 }),
    ...others.map((other) => other.waitFor("the change", ({ coaches }) => coaches[0].age === 37)),
  ]);
  assert.equal(changed.data.version, 2);
  const late = await others[0].request("update_coach", { id: 1, age: 38, version: 1 });
  assert.deepEqual(Object.keys(late.errors), ["$conflict"]);
  assert.deepEqual(late.data, changed.data);

  assert.deepEqual((await mine.request("delete_coach", { id: 1 })).data, { id: 1 });
  for (const other of others) await other.waitFor("the deletion", ({ coaches }) => coaches.length === 0);
});

test("an invalid payload returns an error for each field", async (t) => {
  const server = await startServer(t);
  const { request } = server.open();
  const refused = await request("new_coach", { name: "A", age: "17", picture: "me.png", colour: "red" });
  assert.equal(refused.ok, false);
  assert.equal(refused.data, null);
  assert.deepEqual(Object.keys(refused.errors).sort(), ["age", "colour", "name", "picture"]);
  assert.equal(refused.errors.age, "must be at least 18");
  for (const [event, payload, key] of [
    ["get_coach", { id: 99 }, "$not_found"],
    ["delete_coach", { id: 1 }, "$in_use"],
    ["nothing", {}, "$unknown_event"],
    ["new_coach", "a coach", "$bad_payload"],
    ["new_coach", new Uint8Array(8), "$bad_payload"],
  ]) {
    assert.deepEqual(Object.keys((await request(event, payload)).errors), [key], event);
  }
});

test("a list is read page by page", async (t) => {
  const server = await startServer(t);
  const { request, store } = server.open();
  const rows = [];
  for (let after = null; ; ) {
    const { data } = await request("list_schedules", { sort: "day,-hour", limit: 7, after });
    rows.push(...data.rows);
    if (data.next === null) break;
    after = data.next;
  }
  assert.deepEqual(rows.map(({ id }) => id).sort((a, b) => a - b), store.schedules.map(({ id }) => id));
  const { data } = await request("list_coaches", { where: { age: { gte: 18, lt: 200 } }, sort: "-age", limit: 2 });
  assert.ok(data.rows.length === 2 && data.rows[0].age >= data.rows[1].age);
});

test("a token signs in on the next connection", async (t) => {
  const server = await startServer(t);
  const page = server.open();
  await page.waitFor("the gym", () => true);
  const { username } = page.store.coaches[0];
  const { ok, user, data } = await page.request("login", { username, password: `${username}_password` });
  assert.ok(ok);
  assert.deepEqual(user, page.store.coaches[0]);

  const { socket, request } = server.open({ auth: { token: data.token } });
  assert.deepEqual((await nextEvent(socket, "connected")).user, user);
  assert.deepEqual((await request("me")).data, user);
  await request("logout");
  assert.equal((await request("me")).data, null);

  const stranger = server.open({ auth: { token: data.token } });
  assert.match((await nextEvent(stranger.socket, "connect_error")).message, /token/);
});

test("two hundred concurrent writes are acked in order", async (t) => {
  const server = await startServer(t, { sample: "never" });
  const { request, store } = server.open();
  const acked = [];
  const writes = Array.from({ length: 200 }, async (_, at) => {
    const { data } = await request("new_coach", { ...coach, name: `Coach ${at}` });
    acked.push(data.id);
  });
  await Promise.all(writes);
  assert.deepEqual(acked, Array.from({ length: 200 }, (_, at) => at + 1));
  assert.equal(store.coaches.length, 200);
});
