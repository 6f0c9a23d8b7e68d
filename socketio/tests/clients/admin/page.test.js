// Data that a page receives, and data that it does not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { chat, until, user, within } from "./chat.js";

test("page receives sockets, joins, leaves and disconnects", async (test) => {
  const server = await chat(test);
  const before = await server.client("/org-7");
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  assert.deepEqual(page.ids("/org-7"), [before.id]);
  assert.deepEqual(page.rooms(before.id), [before.id, "lobby"].sort());

  const after = await server.client();
  await page.until("who comes", () => page.ids("/").includes(after.id) && page.rooms(after.id).includes("lobby"));
  await after.emitWithAck("enter", "attic");
  await page.until("a room", () => page.rooms(after.id).includes("attic"));
  await after.emitWithAck("leave", "lobby");
  await page.until("a room less", () => !page.rooms(after.id).includes("lobby"));

  const { id } = after;
  after.disconnect();
  await page.until("who goes", () => !page.sockets.has(id) && page.left?.rooms.size === 0);
  assert.equal(page.left.reason, "client disconnect");
  assert.deepEqual(page.faults, []);
});

test("sockets of one client share a client id without the session id", async (test) => {
  const server = await chat(test);
  const one = await server.client();
  const other = one.io.socket("/org-1");
  await within(once(other, "connect"), "its second socket");
  const stranger = await server.client();
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  const client = (socket) => page.sockets.get(socket.id).clientId;
  assert.equal(client(one), client(other));
  assert.notEqual(client(one), client(stranger));
  for (const socket of [one, stranger, page.socket]) assert.ok(!page.text.includes(socket.io.engine.id.slice(0, 8)));
});

test("upgrade updates the socket's transport", async (test) => {
  const server = await chat(test);
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  const polling = await server.client("/", { transports: ["polling"] });
  await page.until("a polling client", () => page.sockets.get(polling.id)?.transport === "polling");
  await page.until("it counted", () => page.stats.at(-1)?.pollingClientsCount === 1);
  const moving = await server.client("/", { transports: ["polling", "websocket"] });
  await page.until("the move", () => page.sockets.get(moving.id)?.transport === "websocket");
  assert.equal(page.sockets.get(polling.id).transport, "polling");
  assert.deepEqual(page.faults, []);
});

test("events are shown without secrets", async (test) => {
  const server = await chat(test);
  const headers = { cookie: "id=crumbs", authorization: "Bearer crumbs", "x-api-key": "crumbs", "user-agent": "a tester" };
  const options = { extraHeaders: headers, auth: { token: "crumbs" }, query: { token: "crumbs", room: "crumbs" } };
  const before = await server.client("/", options);
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  const after = await server.client("/", options);
  await page.until("who comes", () => page.sockets.has(after.id));
  const shown = page.sockets.get(before.id).handshake;
  assert.equal(shown.headers.cookie, "(hidden)");
  assert.equal(shown.headers["user-agent"], "a tester");
  assert.equal(shown.query.token, "(hidden)");
  assert.equal(shown.query.EIO, "4");
  assert.equal(shown.address, "127.0.0.1");
  assert.ok(!Number.isNaN(Date.parse(new Date(shown.issued).toISOString())), "the page makes a date of it");

  await before.emitWithAck("sign_in", { name: "Bob", password: "crumbs", more: [{ apiKey: "crumbs" }] });
  const heard = once(after, "said");
  before.emit("say", "lobby", "hello");
  await within(heard, "what was said");
  await page.until("both directions", () => page.events.length === 3);
  const [signIn, say, said] = page.events;
  assert.deepEqual(signIn.args, ["sign_in", { name: "Bob", password: "(hidden)", more: [{ apiKey: "(hidden)" }] }]);
  assert.deepEqual([say.type, say.nsp, say.id, say.args], ["event_received", "/", before.id, ["say", "lobby", "hello"]]);
  assert.deepEqual([said.type, said.id, said.args], ["event_sent", after.id, ["said", before.id, "hello"]]);
  assert.ok(!page.text.includes("crumbs"));
});

test("excess and oversized events are counted", async (test) => {
  const server = await chat(test);
  const [client, listener] = [await server.client(), await server.client()];
  let heard = 0;
  listener.on("said", () => (heard += 1));
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  const large = "crumbs".repeat(20_000);
  const began = Date.now();
  for (let n = 0; n < 2000; n += 1) client.emit("say", "lobby", n % 100 === 0 ? large : "crumb");
  await until(listener, "all that was said", () => heard === 2000);
  await page.until("the count", () => page.total("packetsIn") === 2000 && page.total("packetsOut") === 2000);
  const seconds = Math.ceil((Date.now() - began) / 1000) + 1;
  assert.ok(page.events.length <= 105 * seconds, `${page.events.length} in ${seconds} s`);
  assert.equal(page.events.length + page.total("eventsNotShown"), 4000);
  assert.ok(page.total("bytesOut") > 20 * large.length);
  assert.ok(page.received < 4000 * 300 && !page.text.includes("crumbscrumbs"));
});

test("pages are not shown themselves", async (test) => {
  const server = await chat(test);
  const [one, other] = [await server.page(), await server.page()];
  await one.until("some figures", () => one.stats.length > 2);
  await other.until("the list", () => other.lists === 1);
  assert.deepEqual([one.sockets.size, one.events.length, other.sockets.size], [0, 0, 0]);
  for (const type of ["packetsOut", "bytesOut", "rawConnection"]) assert.equal(one.total(type), 0);
});

test("statistics are correct", async (test) => {
  const server = await chat(test, { ADMIN_MODE: "production" });
  const clients = [await server.client(), await server.client("/org-1", { transports: ["polling"] })];
  const page = await server.page();
  clients.push(await server.client());
  await clients[2].emitWithAck("enter", "attic");
  clients[0].disconnect();
  await page.until("the figures", () => page.total("rawDisconnection") === 1 && page.stats.at(-1).clientsCount === 3);
  const stats = page.stats.at(-1);
  assert.deepEqual([stats.serverId, stats.pollingClientsCount], ["chat", 1]);
  assert.equal(page.total("packetsIn"), 1);
  assert.ok(stats.pid > 0 && stats.hostname.length > 0 && stats.uptime > 0);
  assert.deepEqual(stats.namespaces, [
    { name: "/", socketsCount: 1 },
    { name: "/admin", socketsCount: 1 },
    { name: "/org-1", socketsCount: 1 },
  ]);
  assert.equal(page.total("rawConnection"), 1);
  assert.deepEqual(page.features, ["AGGREGATED_EVENTS"]);
  assert.deepEqual([page.lists, page.sockets.size, page.events.length], [0, 0, 0], "nothing but figures");
  assert.ok((await page.socket.emitWithAck("_disconnect", "/", true)).error, "and nothing to be done");
});

test("page connecting during changes misses and repeats no socket", async (test) => {
  const server = await chat(test);
  const kept = await Promise.all(Array.from({ length: 20 }, (_, n) => server.client(n % 2 ? "/" : `/org-${n}`)));
  let moving = true;
  // Clients that connect, change rooms and disconnect as fast as they can.
  const movers = Array.from({ length: 8 }, async (_, n) => {
    while (moving) {
      const client = await server.client(n % 2 ? "/" : `/org-${n}`);
      await client.emitWithAck("enter", "attic");
      client.disconnect();
    }
  });
  const rooms = kept.map(async (client, n) => {
    while (moving) {
      await client.emitWithAck("enter", `room-${n}`);
      await client.emitWithAck("leave", `room-${n}`);
    }
    await client.emitWithAck("enter", "the end");
  });
  const pages = [];
  for (let n = 0; n < 8; n += 1) {
    const page = await server.page(pages[0] ? { sessionId: pages[0].session } : user);
    pages.push(page);
    await page.until("the list", () => page.lists === 1);
    await page.until("some events", () => page.events.length > 5);
  }
  moving = false;
  await Promise.all([...movers, ...rooms]);
  for (const page of pages) {
    await page.until("rest", () => page.sockets.size === 20 && kept.every((one) => page.rooms(one.id).includes("the end")));
    for (const one of kept) assert.deepEqual(page.rooms(one.id), [one.id, "lobby", "the end"].sort());
    assert.deepEqual(page.faults, []);
    assert.equal(page.lists, 1);
  }
});
