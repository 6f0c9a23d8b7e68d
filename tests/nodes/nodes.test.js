// Two nodes on one PostgreSQL behind the proxy of docs/operations/nodes.md. Whatever becomes of one of them, pages go
// on.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { pollUntil, startServer } from "@rowcast/test-support";
import { database, session, databaseRelay } from "@rowcast/test-support/postgres";
import { everything, holds, openPages, write } from "./pages.js";
import { proxy } from "./proxy.js";

test("clients of both nodes receive each other's writes on all transports", async (t) => {
  const { nodes, pages, writes, end } = await busy(t);
  await writes(10);
  for (const { socket, transports } of pages) {
    assert.equal(socket.io.engine.transport.name, transports?.length === 1 ? transports[0] : "websocket");
  }
  const all = (await sessions(nodes[0])) + (await sessions(nodes[1]));
  assert.equal(all, pages.length, "each page's requests reach its node, so none has to begin anew");
  await end();
});

test("clients of a killed node continue on the other, and the node may return", async (t) => {
  const { nodes, front, pages, writes, meanwhile, end } = await busy(t);
  await writes(5);
  await nodes[0].kill();
  await writes(5);
  assert.equal(await sessions(nodes[1]), pages.length);
  await meanwhile(front.counts(0, "DOWN"));
  await nodes[0].start();
  await meanwhile(front.counts(0, "UP"));
  await writes(5);
  await end();
});

test("a rolling restart loses no write and refuses no client", async (t) => {
  const { nodes, front, pages, writes, meanwhile, end } = await busy(t);
  for (const [at, node] of nodes.entries()) {
    const other = nodes[1 - at];
    await writes(5);
    await meanwhile(front.counts(1 - at, "UP"));
    assert.ok(await ready(other));
    assert.equal(await node.stop(), 0);
    await writes(5);
    assert.equal(await sessions(other), pages.length);
    await node.start();
    assert.ok(await ready(node));
  }
  await writes(5);
  for (const { name, turnedAway } of pages) assert.deepEqual(turnedAway, [], name);
  await end();
});

test("a stopping node acks started writes, and new clients reach the other node", async (t) => {
  const url = await database();
  const { nodes, front } = await begin(t, [url, url]);
  const sql = await session(t, url);
  const last = nodes[0].open();
  await last.waitFor("the gym", () => true);
  await sql("begin; lock table coaches in share mode");
  const asked = last.request("new_coach", { name: "Ada", age: 36, picture: "https://example.com/ada.png" });
  await pollUntil("the write to wait", () => sql("select 1 from pg_locks where not granted"));
  const ended = nodes[0].stop();
  await pollUntil("the node to be ending", async () => (await knock(nodes[0])) === 503);

  const pages = openPages(t, front.url);
  await Promise.all(pages.map((page) => page.waitFor("the gym", () => true)));
  for (const { name, turnedAway } of pages) assert.deepEqual(turnedAway, [], name);
  await sql("commit");
  assert.deepEqual((await asked).errors, {});
  assert.equal(await ended, 0);
  await Promise.all(pages.map((page) => page.waitFor("Ada", ({ coaches }) => coaches.length === 1)));
});

test("clients of a frozen node continue on the other, and the node catches up", async (t) => {
  const { nodes, front, pages, writes, meanwhile, end } = await busy(t);
  await writes(5);
  nodes[0].pause();
  await meanwhile(front.counts(0, "DOWN"));
  await writes(5);
  assert.equal(await sessions(nodes[1]), pages.length);
  nodes[0].resume();
  await meanwhile(front.counts(0, "UP"));
  // The node carries out the events it had received, then closes the sessions: WebSockets at once, polling ones after
  // 45 s.
  await meanwhile(pollUntil("its sessions to end", async () => (await sessions(nodes[0], "websocket")) === 0));
  await writes(5);
  await end();
});

test("clients of a node without its database continue on the other, and the node returns", async (t) => {
  const url = await database();
  const cut = await databaseRelay(t, url);
  const { nodes, front, pages, writes, meanwhile, end } = await busy(t, [cut.url, url]);
  await writes(5);
  cut.cut();
  await meanwhile(front.counts(0, "DOWN"));
  await writes(5);
  assert.equal(await sessions(nodes[1]), pages.length);
  cut.mend();
  await meanwhile(front.counts(0, "UP"));
  await writes(5);
  await end();
});

// Two nodes, started at the same time, and the proxy before them.
async function begin(t, urls) {
  const nodes = await Promise.all(urls.map((database) => startServer(t, { sample: "never", database })));
  return { nodes, front: await proxy(t, nodes) };
}

// The same with six pages, some on the one node and some on the other, that write all the time.
async function busy(t, urls) {
  const url = await database();
  const { nodes, front } = await begin(t, urls ?? [url, url]);
  const pages = openPages(t, front.url, { cut: Boolean(urls) });
  await Promise.all(pages.map((page) => page.waitFor("the gym", () => true)));
  const spread = await Promise.all(nodes.map((node) => sessions(node)));
  assert.ok(spread[0] > 0 && spread[1] > 0, `pages on both nodes: ${spread}`);

  let stop = false;
  const writers = Promise.all(pages.map((page) => write(page, { enough: () => stop })));
  // Not longer than all of them write, because one that fails is the reason.
  const meanwhile = (condition) => Promise.race([condition, writers.then(() => assert.fail("nobody writes"))]);

  // Until each page has had so many more writes acked.
  function writes(more) {
    const goals = pages.map((page) => page.acked.length + more);
    return meanwhile(pollUntil("each page to write", () => pages.every((page, at) => page.acked.length >= goals[at])));
  }

  // All that was acked is there, and that is what each page shows, and either node.
  async function end() {
    stop = true;
    await writers;
    const shown = [...pages, ...nodes.map((node) => node.open())];
    let truth;
    await pollUntil("each page to show what there is", async () => {
      truth = await everything(shown.at(-1));
      return shown.every(({ store }) => isDeepStrictEqual({ ...store }, truth));
    });
    for (const page of pages) holds(page, truth.coaches);
    const [acked, refused] = [pages.map((page) => page.acked.length), pages.map((page) => page.refused)];
    t.diagnostic(`coaches acked: ${acked}; there: ${truth.coaches.length}; asked to try again: ${refused}`);
  }
  return { nodes, front, pages, meanwhile, writes, end };
}

// How many sessions a node has, by one transport or by all.
async function sessions(node, transport = "\\w+") {
  const [, metrics] = await request(node, "/metrics");
  const counts = metrics.matchAll(new RegExp(`^socketio_sessions\\{transport="${transport}"\\} (\\d+)$`, "gm"));
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

const ready = async (node) => (await request(node, "/readyz"))[0] === 200;

const knock = async (node) => (await request(node, "/socket.io/?EIO=4&transport=polling"))[0];

// On a connection of its own: one that was kept may be one to a node that is no more.
async function request({ url }, path) {
  const [response] = await once(get(url + path, { agent: false }), "response");
  return [response.statusCode, await text(response)];
}
