// Connection state recovery: same id, same rooms, and missed events.

import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy } from "./proxy.js";
import { ask, heard, listen, serve } from "./server.js";

const path = "/recovery/";

// Loses the connection, and reconnects when `meanwhile` is done.
async function away(socket, meanwhile) {
  socket.io.reconnection(false);
  const gone = heard(socket, "disconnect");
  socket.io.engine.close();
  await gone;
  await meanwhile();
  const back = heard(socket, "connect");
  socket.connect();
  await back;
}

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`recovered client receives missed events in order, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { path, transports });
    const other = await server.connect("/", { path });
    await ask(socket, "join", "in it");
    const [said, id] = [listen(socket, "said"), socket.id];
    assert.equal(socket.recovered, false);
    await ask(other, "say", [], [], "seen");
    await ask(socket, "echo");

    const welcomes = listen(socket, "welcome");
    for (let round = 1; round <= 3; round += 1) {
      said.length = 0;
      await away(socket, async () => {
        await ask(other, "say", [], [], 1);
        await ask(other, "say", ["in it"], [], 2);
        await ask(other, "say", ["elsewhere"], [], "not for it");
        await ask(other, "say", [], ["in it"], "not for it either");
        await ask(other, "say", [id], [], 3, { with: [Buffer.from([1, 2])] });
        await ask(other, "others", 4);
      });
      assert.ok(socket.recovered, `round ${round}`);
      assert.equal(socket.id, id);
      assert.deepEqual(await ask(socket, "rooms"), ["in it"]);
      await ask(other, "say", ["in it"], [], 5);
      await ask(socket, "echo");
      assert.deepEqual(said, [1, 2, [3, { with: [Buffer.from([1, 2])] }], 4, 5]);
      assert.deepEqual(welcomes, Array(round).fill({ id, recovered: true, rooms: ["in it"] }));
    }
  });

  test(`events in flight are neither lost nor repeated, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { path, transports });
    const other = await server.connect("/", { path });
    const [said, id] = [listen(socket, "said"), socket.id];
    const all = Array.from({ length: 120 }, (_, number) => number);
    let lost = 0;
    for (const number of all) {
      other.emit("say", [], [], number);
      if (number % 30 !== 15) continue;
      await said.reach(Math.max(number - 5, 1));
      const back = heard(socket, "connect");
      socket.io.engine.close();
      lost += 1;
      if (number % 60 === 15) await back;
    }
    await said.reach(all.length);
    await ask(socket, "echo");
    assert.deepEqual(said, all);
    assert.equal(lost, 4);
    assert.equal(socket.id, id);
  });

  test(`recovery replaces a connection that is still open, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const between = await proxy(t, server.port);
    const socket = await server.connect("/", { url: between.url, path, transports });
    const other = await server.connect("/", { path });
    await ask(socket, "join", "in it");
    const [said, gone, id] = [listen(socket, "said"), listen(other, "gone"), socket.id];

    const told = heard(socket, "disconnect");
    between.freeze();
    // For the server the client is still connected, and is sent these.
    await ask(other, "say", ["in it"], [], 1);
    await ask(other, "say", [], [], 2);
    assert.deepEqual(gone, []);
    const back = heard(socket, "connect");
    between.strand();
    socket.io.engine.close();
    await told;
    await ask(other, "say", [id], [], 3);
    await back;
    assert.ok(socket.recovered);
    assert.equal(socket.id, id);
    await ask(other, "say", ["in it"], [], 4);
    await ask(socket, "echo");
    assert.deepEqual(said, [1, 2, 3, 4]);
    assert.equal((await ask(other, "who", [])).length, 2, "it is there once");
  });
}

test("namespaces recover independently", async (t) => {
  const server = await serve(t, "features");
  const first = await server.connect("/", { path });
  const second = server.beside(first, "/second");
  await heard(second, "connect");
  const other = await server.connect("/second", { path });
  await ask(second, "join", "in it");
  const ids = [first.id, second.id];
  const [said, alsoSaid] = [listen(first, "said"), listen(second, "said")];
  const gone = [first, second].map((socket) => heard(socket, "disconnect"));
  const back = [first, second].map((socket) => heard(socket, "connect"));
  first.io.engine.close();
  await Promise.all(gone);
  other.emit("say", ["in it"], [], "missed");
  await Promise.all(back);
  await alsoSaid.reach(1);
  assert.deepEqual([first.recovered, second.recovered, first.id, second.id], [true, true, ...ids]);
  assert.deepEqual([said, alsoSaid], [[], ["missed"]]);
});

test("deliberate and server disconnects are not recovered", async (t) => {
  const server = await serve(t, "features");
  for (const leave of [(socket) => socket.disconnect(), (socket) => socket.emit("leave me"), (socket) => socket.emit("close me")]) {
    const socket = await server.connect("/", { path });
    await ask(socket, "join", "in it");
    const [id, gone, back] = [socket.id, heard(socket, "disconnect"), heard(socket, "connect")];
    leave(socket);
    await gone;
    socket.connect();
    await back;
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
    assert.deepEqual(await ask(socket, "rooms"), []);
  }
});

test("client missing expired events is not recovered", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  const other = await server.connect("/", { path });
  const id = socket.id;
  const said = listen(socket, "said");
  // A received event contains its offset.
  await ask(other, "say", [], [], "seen");
  await said.reach(1);
  await away(socket, async () => {
    for (let round = 0; round < 5; round += 1) await ask(other, "say", [], [], "x".repeat(5_000));
  });
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
  await ask(socket, "echo");
  assert.deepEqual(said, ["seen"]);
});

test("string argument is not used as an offset", async (t) => {
  const server = await serve(t, "features");
  for (const text of ["1", "0", "3", "ff", "text"]) {
    const socket = await server.connect("/", { path });
    const other = await server.connect("/", { path });
    const said = listen(socket, "said");
    for (const number of [1, 2, 3]) await ask(other, "say", [], [], number);
    await said.reach(3);
    // Stock clients remember the last argument of the last event, if that is a string, as their offset.
    socket.emit("whisper", text);
    await heard(socket, "whisper");
    await away(socket, () => ask(other, "say", [], [], 4));
    await ask(socket, "echo");
    assert.deepEqual(said, socket.recovered ? [1, 2, 3, 4] : [1, 2, 3], `after ${text}`);
    for (const one of [socket, other]) one.disconnect();
  }
});

test("pid of another client is not recovered", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  const other = await server.connect("/", { path });
  await away(socket, async () => {
    for (const auth of [{ pid: other.id }, { pid: "" }, { pid: "A".repeat(20), offset: "zz" }, { pid: 7 }]) {
      const thief = await server.connect("/", { path, auth });
      assert.equal(thief.recovered, false);
      assert.ok(![socket.id, other.id].includes(thief.id));
    }
  });
  assert.ok(socket.recovered);
  assert.equal(await ask(other, "echo", 1), 1);
});

test("restart of the server ends recovery", async (t) => {
  const server = await serve(t, "features");
  const socket = await server.connect("/", { path });
  const id = socket.id;
  const back = heard(socket, "connect");
  await server.stop();
  await server.start();
  await back;
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
  assert.equal(await ask(socket, "echo", 1), 1);
});
