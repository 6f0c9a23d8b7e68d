// Access modes and sign-in with the stock client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { collections, nextEvent, startServer } from "@rowcast/test-support";

const members = { settings: ["--access", "members"] };

test("invalid auth is refused with a sentence and a key", async (t) => {
  const server = await startServer(t);
  for (const [auth, key] of [
    [{ token: "made up" }, "$unauthorized"],
    [{ token: 7 }, "$bad_payload"],
    [{ live: "all" }, "$bad_payload"],
    [{ authors: "yes" }, "$bad_payload"],
    ["a token", "$bad_payload"],
    [["a token"], "$bad_payload"],
    [7, "$bad_payload"],
  ]) {
    for (const transports of [["websocket"], ["polling"]]) {
      const { socket } = server.open({ auth, transports });
      const error = await nextEvent(socket, "connect_error");
      assert.deepEqual(error.data, { errors: { [key]: error.message } }, JSON.stringify(auth));
      socket.disconnect();
    }
  }
});

test("a login after connect delivers the rows before its ack", async (t) => {
  const server = await startServer(t, members);
  const { socket, store, request } = server.open();
  const { access, user } = await nextEvent(socket, "connected");
  assert.deepEqual([access, user], ["members", null]);
  assert.deepEqual(Object.keys((await request("list_coaches")).errors), ["$unauthorized"]);
  assert.deepEqual(store, {});

  const ack = await request("login", { username: "mara", password: "mara_password" });
  assert.deepEqual(collections.map((name) => store[name].length), [5, 3, 6, 36]);
  assert.equal(ack.user.id, 1);

  // After a sign-out elsewhere the socket receives `signed_out`, and may sign in again.
  const other = server.open({ auth: { token: ack.data.token } });
  await other.waitFor("the gym", () => true);
  const out = nextEvent(socket, "signed_out");
  await other.request("logout");
  assert.equal(typeof (await out).reason, "string");
  assert.deepEqual(Object.keys((await request("new_coach", {})).errors), ["$unauthorized"]);
  assert.ok((await request("login", { username: "mara", password: "mara_password" })).ok);
});

test("authored follows the change on other clients", async (t) => {
  const server = await startServer(t);
  const writer = server.open();
  await writer.request("login", { username: "teo", password: "teo_password" });
  const { socket } = server.open({ auth: { live: "changes", authors: true } });
  await nextEvent(socket, "schedules");
  const events = [];
  socket.onAny((event) => events.push(event));
  const authored = nextEvent(socket, "authored");
  await writer.request("update_coach", { id: 1, name: "Mara L." });
  assert.deepEqual(await authored, { collection: "coaches", id: 1, version: 2, by: { id: 2, name: "Teo Okafor" } });
  assert.deepEqual(events, ["changes", "authored"]);
});
