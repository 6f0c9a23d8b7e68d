// One server behind the nginx of docs/operations/proxy.md, at the root and below a path.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { TIMEOUT, nextEvent, openSocket, startServer, withTimeout } from "@rowcast/test-support";
import { nginx } from "./nginx.js";

const picture = "https://example.com/ada.png";
const ways = [["websocket"], ["polling"], ["polling", "websocket"]];

// A client behind the proxy, that says as a browser does whose page it belongs to.
const open = (t, url, options) => openSocket(t, url, { extraHeaders: { Origin: new URL(url).origin }, ...options }).socket;

const request = (socket, event, ...payload) => socket.timeout(TIMEOUT).emitWithAck(event, ...payload);

test("clients on all transports write through nginx and receive each other's writes", async (t) => {
  const server = await startServer(t, { sample: "never" });
  const url = await nginx(t, server);
  const sockets = ways.map((transports) => open(t, url, { transports }));
  await Promise.all(sockets.map((socket) => nextEvent(socket, "schedules")));
  for (const [at, socket] of sockets.entries()) {
    const seen = Promise.all(sockets.map((other) => nextEvent(other, "coaches")));
    const ack = await request(socket, "new_coach", { name: `Coach ${at}`, age: 36, picture });
    assert.deepEqual(ack.errors, {});
    for (const coaches of await seen) assert.equal(coaches.length, at + 1);
  }
  assert.deepEqual(sockets.map((socket) => socket.io.engine.transport.name), ["websocket", "polling", "websocket"]);
});

test("an oversized payload is refused by an ack, and the session stays open", async (t) => {
  const server = await startServer(t, { sample: "never" });
  const url = await nginx(t, server);
  for (const transports of ways) {
    const socket = open(t, url, { transports, reconnection: false });
    await nextEvent(socket, "schedules");
    const { id } = socket;
    for (const bytes of [2e6, 5e6]) {
      const ack = await request(socket, "new_coach", { name: "x".repeat(bytes), age: 36, picture });
      assert.ok(ack.errors.$bad_payload, `${transports}: ${JSON.stringify(ack.errors)}`);
    }
    assert.ok((await request(socket, "me")).ok);
    assert.equal(socket.id, id, `${transports}: the same session`);
  }
});

test("the proxy's origin is accepted if configured, another is refused", async (t) => {
  const origins = ["--origins", "https://gym.example.com"];
  const url = await nginx(t, await startServer(t, { sample: "never", settings: origins }));
  for (const [transports, Origin, connects] of [
    [["websocket"], "https://gym.example.com", true],
    [["polling"], "https://gym.example.com", true],
    [["websocket"], "wss://gym.example.com", true],
    [["websocket"], "https://other.example.com", false],
    [["polling"], "http://gym.example.com", false],
  ]) {
    const socket = open(t, url, { transports, reconnection: false, extraHeaders: { Origin } });
    const connected = nextEvent(socket, "connect").then(() => true);
    const refused = nextEvent(socket, "connect_error").then(() => false);
    assert.equal(await Promise.race([connected, refused]), connects, `${transports} ${Origin}`);
    for (const late of [connected, refused]) late.catch(() => {});
    socket.disconnect();
  }
});

// The server closes a connection that has been idle for a second, and the clients write about once a second: again and
// again a request crosses with a close.
test("writes are carried out exactly once when the proxy closes a connection", async (t) => {
  const server = await startServer(t, { sample: "never", settings: ["--keep-alive", "1"] });
  const url = await nginx(t, server);
  const [clients, writes] = [12, 10];
  let lost = 0;
  const writers = Array.from({ length: clients }, async (_, client) => {
    const settings = { transports: ["polling"], retries: 20, ackTimeout: 2000, reconnectionDelay: 20, reconnectionDelayMax: 100 };
    const socket = open(t, url, { ...settings, auth: { live: "changes" } });
    socket.on("disconnect", () => lost++);
    await nextEvent(socket, "connect");
    for (let write = 0; write < writes; write++) {
      const acked = socket.emitWithAck("new_coach", { name: `${client} ${write}`, age: 36, picture }, { request_id: randomUUID() });
      const ack = await withTimeout(acked, "an ack");
      assert.deepEqual(ack.errors, {});
      // Not a wait for anything: the time that a connection lies idle is what this is about.
      await new Promise((done) => setTimeout(done, 960 + 8 * client));
    }
  });
  await Promise.all(writers);
  const page = server.open();
  await page.waitFor("all coaches", ({ coaches }) => coaches.length >= clients * writes);
  const names = page.store.coaches.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "none twice");
  assert.equal(names.length, clients * writes);
  t.diagnostic(`sessions that were lost with a connection: ${lost}`);
});

test("a server with a base path is reached below it", async (t) => {
  const server = await startServer(t, { sample: "never", settings: ["--base-path", "/gym"] });
  const url = await nginx(t, server, { below: "/gym/" });
  for (const transports of ways) await reached(t, url, transports);
  assert.equal((await fetch(`${url}/gym/readyz`)).status, 200);
  const page = await fetch(`${url}/gym`);
  assert.deepEqual([page.status, page.url], [200, `${url}/gym/`]);
  for (const part of ["healthz", "metrics"]) assert.equal((await fetch(`${url}/${part}`)).status, 404, `${part} stays inside`);
});

test("a proxy may strip the base path", async (t) => {
  const url = await nginx(t, await startServer(t, { sample: "never" }), { below: "/gym/", to: "http://rowcast/" });
  for (const transports of ways) await reached(t, url, transports);
  assert.equal((await fetch(`${url}/gym/`)).status, 200);
});

async function reached(t, url, transports) {
  const socket = open(t, url, { transports, path: "/gym/socket.io/", reconnection: false });
  await nextEvent(socket, "schedules");
  assert.ok((await request(socket, "me")).ok, `${transports}`);
}

// nginx appends the address that it talks to at the right of X-Forwarded-For; earlier entries count only if that
// address is trusted.
test("rate limits use the client address that the proxy forwards", async (t) => {
  const settings = ["--sessions-each", "1", "--trusted-proxies", "127.0.0.0/8"];
  const url = await nginx(t, await startServer(t, { sample: "never", settings }));
  for (const [client, status] of [
    ["203.0.113.7", 200],
    ["203.0.113.8", 200],
    ["2001:db8::1", 200],
    ["2001:db8::2", 429],
    ["6.6.6.6, 203.0.113.7", 429],
  ]) {
    const answer = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { "X-Forwarded-For": client } });
    assert.equal(answer.status, status, client);
    assert.equal(answer.headers.has("retry-after"), status === 429, client);
  }
});

test("the proxy limits requests per address", async (t) => {
  const url = await nginx(t, await startServer(t, { sample: "never" }), { requests: 200 });
  const statuses = new Set();
  for (let n = 0; n < 400; n++) statuses.add((await fetch(`${url}/healthz`)).status);
  assert.deepEqual([...statuses].sort(), [200, 429]);
});
