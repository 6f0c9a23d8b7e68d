// Whatever a real server sends is as the schema says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { collections, nextEvent, startServer } from "@rowcast/test-support";
import { asked, check, payload, rows, told } from "./schema.js";
import { compiled } from "./types.js";

test("connected, rows, changes and acks match the schema", async (t) => {
  const server = await startServer(t);
  const { socket, request, waitFor } = server.open({ auth: { live: "changes" } });
  const heardOf = new Set();
  socket.onAny((event, ...values) => {
    heardOf.add(event);
    check(`${event}.arguments`, values);
  });
  await waitFor("the gym", () => true);

  const acked = new Set();
  const asks = async (event, ...values) => {
    check(`${event}.arguments`, values);
    const ack = await request(event, ...values);
    check(`${event}.ack`, ack);
    acked.add(event);
    return ack;
  };
  const done = async (event, ...values) => {
    const ack = await asks(event, ...values);
    assert.ok(ack.ok, `${event}: ${JSON.stringify(ack.errors)}`);
    return ack.data;
  };
  const refused = async (key, ...request) => assert.deepEqual(Object.keys((await asks(...request)).errors), [key]);

  for (const list of asked.filter((event) => event.startsWith("list_"))) {
    await done(list);
    const { next } = await done(list, { sort: "-id", limit: 1, where: { id: { gte: 1 } } });
    await done(list, { sort: "-id", limit: 1, where: { id: { gte: 1 } }, after: next });
  }
  for (const name of rows) {
    const { id } = await done(`new_${name}`, payload(`new_${name}`).example, { request_id: crypto.randomUUID() });
    const row = await done(`update_${name}`, { ...payload(`update_${name}`).example, id });
    await refused("$conflict", `update_${name}`, { id, version: row.version - 1 });
    assert.deepEqual(await done(`get_${name}`, { id }), row);
    await done(`delete_${name}`, row);
    await refused("$not_found", `get_${name}`, { id });
  }
  await done("refresh");
  await done("batch", [["new_coach", payload("new_coach").example]]);
  const [{ username }] = (await done("list_coaches", { where: { username: { ne: null } } })).rows;
  await done("login", { username, password: `${username}_password` });
  await done("me", null);
  await done("set_password", { old: `${username}_password`, new: "a longer one" });
  await done("logout", null, {});
  await done("me");
  assert.equal((await asks("login", { username, password: "wrong" })).ok, false);
  for (const other of asked.filter((event) => !acked.has(event))) await done(other, payload(other).example);

  const rest = told.filter((event) => !heardOf.has(event));
  assert.deepEqual(rest, ["part", "withheld", "authored", "signed_out"], "all was told but what nobody here has asked for");
});

test("withheld events match the schema", async (t) => {
  const server = await startServer(t, { settings: ["--collection-bytes", "1024"] });
  const { socket } = server.open({ auth: { live: "changes" } });
  const values = await new Promise((resolve) => socket.on("withheld", (...values) => resolve(values)));
  check("withheld.arguments", values);
  assert.deepEqual(values[0].limit, 1024);
});

test("snapshot parts match the schema", async (t) => {
  const server = await startServer(t);
  const { socket } = server.open({ auth: { live: "changes", chunks: true } });
  const parts = [];
  await new Promise((resolve) =>
    socket.on("part", (...values) => {
      check("part.arguments", values);
      parts.push(values[0]);
      if (values[0].n === values[0].of) resolve();
    }),
  );
  assert.deepEqual([...new Set(parts.map(({ collection }) => collection))].sort(), [...collections].sort());
});

test("authored and signed_out events match the schema", async (t) => {
  const server = await startServer(t);
  const one = server.open();
  await one.waitFor("the gym", () => true);
  const { username } = one.store.coaches.find(({ username }) => username);
  const { data } = await one.request("login", { username, password: `${username}_password` });
  const other = server.open({ auth: { token: data.token, live: "changes", authors: true } });
  other.socket.onAny((event, ...values) => check(`${event}.arguments`, values));
  await other.waitFor("the gym", () => true);

  const authored = nextEvent(other.socket, "authored");
  const [{ name }] = one.store.coaches;
  await one.request("update_coach", { id: 1, name });
  assert.equal((await authored).by.id, data.user.id);
  const signedOut = nextEvent(other.socket, "signed_out");
  await one.request("logout");
  assert.ok((await signedOut).reason);
});

test("connected carries the schema hashes", async (t) => {
  const server = await startServer(t, { sample: "never" });
  const { socket } = server.open();
  const { schema } = await nextEvent(socket, "connected");
  const { schema: own } = await compiled(t);
  assert.equal(schema.hash, own.hash);
  const { events: rest, ...collections } = schema.collections;
  assert.equal(rest, own.events);
  assert.deepEqual(collections, Object.fromEntries(Object.entries(own.collections).map(([name, { hash }]) => [name, hash])));
});
