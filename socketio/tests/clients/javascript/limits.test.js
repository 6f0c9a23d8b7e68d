// Events over a limit get an error, and the client stays connected.

import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy } from "./proxy.js";
import { ask, heard, listen, serve } from "./server.js";

const path = "/limits/";

for (const transports of [["polling"], ["websocket"]]) {
  test(`oversized event gets an error, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { path, transports });
    const gone = listen(socket, "disconnect");
    const [back, large] = [listen(socket, "back"), "x".repeat(20_000)];
    socket.emit("back", 1);
    socket.emit("back", large);
    const answer = await ask(socket, "back", large);
    assert.match(answer.error, /^the message has 20\d\d\d bytes, and at most 10000 are taken/);
    assert.match((await ask(socket, "echo", ["x".repeat(9_000), "é".repeat(100_000)])).error, /at most 10000/);
    socket.emit("back", 2);
    assert.equal(await ask(socket, "echo", "x".repeat(9_000)), "x".repeat(9_000));
    assert.deepEqual([back, gone], [[1, 2], []]);
  });

  test(`oversized attachment gets an error, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { path, transports });
    const gone = listen(socket, "disconnect");
    assert.deepEqual(await ask(socket, "echo", Buffer.alloc(5_000)), Buffer.alloc(5_000));
    assert.match((await ask(socket, "echo", Buffer.alloc(50_000), "text")).error, /at most 10000/);
    assert.match((await ask(socket, "echo", Buffer.alloc(6_000), Buffer.alloc(6_000))).error, /at most 10000/);
    assert.match((await ask(socket, "echo", "x".repeat(20_000), Buffer.alloc(10))).error, /at most 10000/);
    assert.deepEqual(await ask(socket, "echo", Buffer.from([1])), Buffer.from([1]));
    assert.deepEqual(gone, []);
  });
}

test("deeply nested data gets an error", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  const nested = (levels) => (levels === 0 ? 1 : [nested(levels - 1)]);
  assert.deepEqual(await ask(socket, "echo", nested(5)), nested(5));
  assert.deepEqual(await ask(socket, "echo", nested(6)), { error: "the data is nested deeper than 5 levels" });
  assert.deepEqual(await ask(socket, "echo", nested(4_000)), { error: "the data is nested deeper than 5 levels" });
  assert.deepEqual(await ask(socket, "echo", { "[[[[[[": "{{{{{{" }), { "[[[[[[": "{{{{{{" });
});

test("excess events get an error", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  const other = await server.connect("/", { path });
  const answers = await Promise.all(Array.from({ length: 30 }, (_, number) => ask(socket, "echo", number)));
  assert.deepEqual(answers.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const refused = answers.filter((answer) => answer.error === "at most 10 events a second are taken: slow down");
  assert.ok(refused.length >= 10, `${refused.length} were refused`);
  assert.equal(await ask(other, "echo", 1), 1, "others are not held to account");
  // Later events are handled again.
  while ((await ask(socket, "echo", "now?")) !== "now?") await heard(socket.io, "ping");
});

test("namespaces of a session are limited", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  await heard(server.beside(socket, "/org-1"), "connect");
  const third = server.beside(socket, "/org-2");
  const [error] = await heard(third, "connect_error");
  assert.equal(error.message, "Too many namespaces on one connection");
  assert.equal(await ask(socket, "echo", 1), 1);
});

test("excess attachments close the session and the client reconnects", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  assert.equal((await ask(socket, "echo", [Buffer.alloc(1), Buffer.alloc(2)])).length, 2);
  socket.emit("echo", [Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)]);
  await heard(socket, "disconnect");
  await heard(socket, "connect");
  assert.equal(await ask(socket, "echo", 1), 1);
});

test("stalled client is evicted and reconnects", async (t) => {
  const server = await serve(t, "features");
  const between = await proxy(t, server.port);
  const [slow, quick] = [await server.connect("/", { url: between.url }), await server.connect()];
  const [gone, said] = [listen(quick, "gone"), listen(quick, "said")];
  const id = slow.id;
  between.hold();
  const text = "x".repeat(500_000);
  while (gone.length === 0) await ask(quick, "say", [], [], text);
  assert.deepEqual(gone, [[id, "outbox full"]]);
  assert.ok(said.length * text.length > 8_000_000, "so much may wait");
  const back = heard(slow, "connect");
  between.go();
  await back;
  assert.equal(await ask(slow, "echo", "here again"), "here again");
});
