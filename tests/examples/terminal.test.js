// examples/terminal: curl alone, and a WebSocket by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "@rowcast/test-support";
import { start } from "./program.js";

const gym = fileURLToPath(new URL("../../examples/terminal/gym", import.meta.url));
const wscat = fileURLToPath(new URL("../../node_modules/.bin/wscat", import.meta.url));

test("gym script sends events and prints what it receives", async (t) => {
  const server = await startServer(t);
  const run = async (...args) => {
    const { line, code } = start(t, gym, args, { ROWCAST_URL: server.url });
    return [JSON.parse(await line(() => true, "an ack")), await code()];
  };
  const watch = start(t, gym, ["watch"], { ROWCAST_URL: server.url });
  await watch.line((line) => line.startsWith("schedules ["), "the gym");

  const [list, fine] = await run("list_coaches", '{"sort": "-age", "limit": 1}');
  assert.deepEqual([list.data.rows.map(({ name }) => name), fine], [["Rosa Delgado"], 0]);
  const [wrong, failed] = await run("new_coach", '{"name": "Ada", "age": 17, "picture": "https://example.com/ada.png"}');
  assert.deepEqual([wrong.errors, failed], [{ age: "must be at least 18" }, 1]);
  assert.deepEqual(await run("refresh"), [{ ok: true, data: null, errors: {} }, 0]);

  const once = [{ name: "Zoë 🏋️ \"Z\"", age: 36, picture: "https://example.com/z.png" }, { request_id: "7c1c1f0e-51f0-4ab6-a1f3-a41f6f1f4e51" }];
  const [first] = await run("new_coach", ...once.map((value) => JSON.stringify(value)));
  const [second] = await run("new_coach", ...once.map((value) => JSON.stringify(value)));
  assert.equal(first.data.id, 6);
  assert.deepEqual(second, first);
  const changes = await watch.line((line) => line.startsWith("changes "), "the change");
  assert.deepEqual(JSON.parse(changes.slice("changes ".length)).coaches, { upserted: [first.data], deleted: [] });

  // Its pings are answered; without that it would be gone after 45 seconds. Ctrl-C ends it in order.
  watch.kill("SIGINT");
  assert.equal(await watch.code(), 130);
  assert.equal(await server.stop(), 0);
});

test("two lines typed into wscat connect and send an event", async (t) => {
  const server = await startServer(t);
  const address = `${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const { type, line } = start(t, wscat, ["-c", address]);
  const comes = (packet) => line((text) => text.includes(packet), packet);
  await comes('0{"sid":');
  type("40");
  await comes('40{"sid":');
  type('420["list_coaches",{"limit":1}]');
  const ack = await comes("430[");
  assert.equal(JSON.parse(ack.slice(ack.indexOf("430[") + 3))[0].data.rows[0].name, "Mara Lindqvist");
});
