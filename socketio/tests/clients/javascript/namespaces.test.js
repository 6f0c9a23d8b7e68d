// Namespaces: several on one connection, authorizers, patterns.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, heard, listen, serve } from "./server.js";

for (const transports of [["polling"], ["websocket"]]) {
  test(`two namespaces share a connection, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const first = await server.connect("/", { transports });
    const second = server.beside(first, "/second");
    await heard(second, "connect");
    assert.notEqual(first.id, second.id);
    assert.equal(first.io.engine, second.io.engine);

    const [said, alsoSaid] = [listen(first, "said"), listen(second, "said")];
    first.emit("say", [], [], "in the first");
    second.emit("say", [], [], "in the second", Buffer.from([1]));
    assert.deepEqual(await Promise.all([ask(first, "echo", 1), ask(second, "echo", 2)]), [1, 2]);
    assert.deepEqual([said, alsoSaid], [["in the first"], [["in the second", Buffer.from([1])]]]);

    // One may disconnect and reconnect without the other.
    const before = second.id;
    second.disconnect();
    assert.equal(await ask(first, "echo", 3), 3);
    second.connect();
    await heard(second, "connect");
    assert.notEqual(second.id, before);
    assert.equal(await ask(second, "echo", 4), 4);
  });
}

test("authorizer receives auth", async (t) => {
  const server = await serve(t, "features");
  const ada = { user: "Ada", password: "secret" };
  const socket = await server.connect("/members", { auth: ada });
  assert.equal(await ask(socket, "whoami"), "Ada");
  // Evaluated for each connection.
  const late = await server.connect("/members", { auth: (say) => setTimeout(() => say({ ...ada, user: "Bob" }), 1) });
  assert.equal(await ask(late, "whoami"), "Bob");
});

test("refused client gets the reason and may retry", async (t) => {
  const server = await serve(t, "features");
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = server.open("/members", { transports, auth: { user: "Eve", password: "guess" } });
    const [error] = await heard(socket, "connect_error");
    assert.equal(error.message, "not allowed");
    assert.deepEqual(error.data, { code: 401, again: true });
    assert.equal(socket.active, false);

    const main = server.beside(socket, "/");
    await heard(main, "connect");
    socket.auth = { user: "Eve", password: "secret" };
    socket.connect();
    await heard(socket, "connect");
    assert.equal(await ask(socket, "whoami"), "Eve");
    assert.equal(main.io.engine, socket.io.engine);
  }
  const [error] = await heard(server.open("/members"), "connect_error");
  assert.match(error.message, /missing field `user`/);
});

test("unknown namespace is invalid", async (t) => {
  const server = await serve(t, "features");
  for (const name of ["/nothing", "/org-", "/SECOND", "/second/"]) {
    const [error] = await heard(server.open(name), "connect_error");
    assert.equal(error.message, "Invalid namespace", name);
  }
});

test("pattern creates a namespace per name", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/org-7");
  const other = await server.connect("/org-8");
  const same = await server.connect("/org-7");
  assert.deepEqual(await ask(socket, "where"), ["/org-7", "7"]);
  assert.deepEqual(await ask(other, "where"), ["/org-8", "8"]);
  const heardThere = [socket, other, same].map((one) => listen(one, "said"));
  await ask(socket, "say", "to this one");
  await Promise.all([socket, other, same].map((one) => ask(one, "where")));
  assert.deepEqual(heardThere, [["to this one"], [], ["to this one"]]);
  // It is created again after its last socket has disconnected.
  socket.disconnect();
  same.disconnect();
  const next = await server.connect("/org-7");
  assert.deepEqual(await ask(next, "where"), ["/org-7", "7"]);
});
