// Events and acks in both directions, on one connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy } from "./proxy.js";
import { ask, heard, listen, patience, serve } from "./server.js";

for (const transports of [["polling"], ["websocket"]]) {
  test(`acks in both directions, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { transports });
    assert.equal(await ask(socket, "sum", 1, 2), 3);
    assert.equal(await ask(socket, "sum", 1, 2, 4), 7);
    assert.equal(await ask(socket, "later", 1), "at last");
    assert.equal(await ask(socket, "drop"), undefined);
    const all = await new Promise((resolve) => socket.emit("echo", 1, [2], { three: 3 }, null, (...args) => resolve(args)));
    assert.deepEqual(all, [1, [2], { three: 3 }, null]);

    // The server requests an ack while it handles an event.
    socket.on("question", (...args) => args.pop()({ asked: args }));
    assert.deepEqual(await ask(socket, "ask", 10_000, "why?", 2), { asked: ["why?", 2] });
    const many = Array.from({ length: 50 }, (_, number) => ask(socket, "ask", 10_000, number));
    assert.deepEqual(await Promise.all(many), Array.from({ length: 50 }, (_, number) => ({ asked: [number] })));
  });

  test(`missing ack times out, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { transports });
    await assert.rejects(socket.timeout(20).emitWithAck("later", 5_000), /timed out/);
    // The client does not ack.
    assert.deepEqual(await ask(socket, "ask", 20, 1), { error: "the client did not answer in time" });
    socket.on("question", () => {});
    assert.deepEqual(await ask(socket, "ask", 20, 1), { error: "the client did not answer in time" });
  });

  test(`volatile events reach a reading client, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = server.open("/", { transports });
    const back = listen(socket, "back");
    socket.volatile.emit("back", "dropped: there is no connection yet");
    socket.emit("back", "kept");
    await heard(socket, "connect");
    await ask(socket, "echo");
    assert.deepEqual(back, ["kept"]);

    // Between two GETs a polling client cannot receive volatile events.
    const arrived = listen(socket, "volatile");
    while (arrived.length < 5) await ask(socket, "volatile", 1, 10);
    const latest = listen(socket, "latest");
    await ask(socket, "latest", 100);
    assert.deepEqual(latest, [99]);
  });
}

test("volatile event is dropped for a stalled client", async (t) => {
  const server = await serve(t, "features");
  const between = await proxy(t, server.port);
  const socket = await server.connect("/", { url: between.url });
  const [arrived, gone] = [listen(socket, "volatile"), listen(socket, "disconnect")];
  const other = await server.connect();
  between.hold();
  // Far more than the outbox and the kernel hold for one client.
  for (let round = 0; round < 100; round += 1) {
    socket.emit("volatile", 1, 500_000);
    await ask(other, "echo");
  }
  between.go();
  await ask(socket, "echo");
  assert.ok(arrived.length > 0 && arrived.length < 100, `${arrived.length} arrived`);
  const numbers = await ask(other, "who", []);
  assert.equal(numbers.length, 2);
  assert.deepEqual(gone, []);
});

test("burst of volatile events does not evict", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect();
  const gone = listen(socket, "disconnect");
  socket.emit("volatile", 40, 500_000);
  assert.equal(await ask(socket, "echo", "still here"), "still here");
  assert.deepEqual(gone, []);
});

test("send and message carry strings and JSON", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect();
  const messages = listen(socket, "message");
  socket.send("text").send({ json: [1] }).send("two", "arguments").send(Buffer.from([1]));
  await messages.reach(4);
  assert.deepEqual(messages, ["text", { json: [1] }, ["two", "arguments"], Buffer.from([1])]);
  assert.equal(await socket.timeout(patience).emitWithAck("message", "acked"), undefined);
});

test("unhandled event reaches the fallback or gets an error", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/any");
  const caught = listen(socket, "caught");
  socket.emit("anything", 1, "two");
  socket.emit("at all", () => {});
  await caught.reach(2);
  assert.deepEqual(caught, [["anything", false, [1, "two"]], ["at all", true, []]]);

  const strict = await server.connect();
  strict.emit("nothing of the kind");
  assert.deepEqual(await ask(strict, "nothing"), { error: 'nobody handles the event "nothing"' });
  assert.equal(await ask(strict, "echo", 1), 1);
});

test("arguments of wrong types get distinct errors", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect();
  for (const [args, error] of [
    [["one", 2], /^argument 1: invalid type: string "one", expected i64$/],
    [[1, 2.5], /^argument 2: invalid type: floating point/],
    [[1], /^argument 2 is missing$/],
    [[], /^argument 1 is missing$/],
    [[1, 2, "three"], /^argument 3: invalid type/],
    [[1, 1e19], /^argument 2/],
  ]) {
    assert.match((await ask(socket, "sum", ...args)).error, error);
  }
  assert.match((await ask(socket, "file", { name: "no parts" }, Buffer.alloc(1))).error, /^argument 1: missing field `parts`/);
  assert.match((await ask(socket, "file", { name: "", parts: ["text"] }, Buffer.alloc(1))).error, /^argument 1/);
  assert.deepEqual(await ask(socket, "sum", 9e18, 9e18), { error: "too large" });
  assert.equal(await ask(socket, "sum", 1, 2), 3);
});

test("events to one client arrive in order", async (t) => {
  for (const path of ["/socket.io/", "/recovery/"]) {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { path });
    const steps = [];
    socket.on("step", (step) => steps.push(step));
    socket.emit("steps", "room");
    await heard(socket, "disconnect");
    assert.deepEqual(steps, [1, 2, 3, 4, 5, 6, 8], path);
  }
});

test("client retries get an ack", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { retries: 3, ackTimeout: 100 });
  const acked = [];
  const answer = (name) => new Promise((resolve, reject) =>
    socket.emit("third", name, (error, value) => (acked.push(value), error ? reject(error) : resolve(value))));
  assert.deepEqual(await Promise.all([answer("first"), answer("second"), answer("last")]), ["first", "second", "last"]);
  assert.deepEqual(acked, ["first", "second", "last"]);
});
