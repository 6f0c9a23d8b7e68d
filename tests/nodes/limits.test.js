// What the HAProxy of docs/operations/nodes.md lets one address do. The nodes need not know each other for that.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";
import { proxy } from "./proxy.js";

const handshake = "/socket.io/?EIO=4&transport=polling";

async function begin(t, options) {
  const settings = ["--sessions-each", "1", "--trusted-proxies", "127.0.0.0/8"];
  const nodes = [await startServer(t, { sample: "never", settings }), await startServer(t, { sample: "never", settings })];
  return proxy(t, nodes, options);
}

test("rate limits use the client address that the proxy forwards", async (t) => {
  const { url } = await begin(t);
  const ask = async (client) => (await fetch(url + handshake, { headers: { "X-Forwarded-For": client } })).status;
  for (let n = 1; n < 6; n++) assert.equal(await ask(`203.0.113.${n}`), 200);
  const again = [];
  for (let n = 0; n < 3; n++) again.push(await ask("6.6.6.6, 203.0.113.7"));
  assert.ok(again.includes(429), "a session on each node at most");
  assert.equal(await ask("2001:db8::1"), 200);
});

test("the proxy limits requests per address", async (t) => {
  const { url } = await begin(t, { requests: 200 });
  const statuses = new Set();
  for (let n = 0; n < 400; n++) statuses.add((await fetch(`${url}/healthz`)).status);
  assert.deepEqual([...statuses].sort(), [200, 429]);
});
