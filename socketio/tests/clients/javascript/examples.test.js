// The documented behaviour of the four small examples.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ask, heard, listen, patience, serve, until, within } from "./server.js";

const module = new URL("./node_modules/socket.io-client/build/esm/index.js", import.meta.url);

test("chat: line reaches all clients, the sender included", async (t) => {
  const server = await serve(t, "chat");
  const clients = await Promise.all([["polling"], ["websocket"], ["polling", "websocket"]].map((transports) =>
    server.connect("/", { transports })));
  const heardBy = clients.map((socket) => listen(socket, "chat"));
  const lines = [0, 1, 2].map((at) => ({ from: `number ${at}`, text: "Grüezi 🏔️ <b>" }));
  for (const [at, line] of lines.entries()) {
    clients[at].emit("chat", line);
    await Promise.all(heardBy.map((list) => list.reach(at + 1)));
  }
  for (const list of heardBy) assert.deepEqual(list, lines);
  assert.deepEqual(await ask(clients[0], "chat", { from: "nobody" }), { error: "argument 1: missing field `text`" });

  const page = await fetch(server.url);
  assert.match(page.headers.get("content-type"), /^text\/html; charset=utf-8/);
  assert.match(await page.text(), /cdn\.socket\.io.*socket\.emit\("chat"/s);
  await server.connect("/", { extraHeaders: { origin: server.url } });
  const foreign = { reconnection: false, extraHeaders: { origin: "https://other.example" } };
  await heard(server.open("/", foreign), "connect_error");
  assert.equal(await server.stop(), 0);
});

test("counter: counts per client and receives its ack", async (t) => {
  const server = await serve(t, "counter");
  const [one, two] = [server.open("/test"), server.open("/test", { transports: ["polling", "websocket"] })];
  const responses = [one, two].map((socket) => listen(socket, "my_response"));
  const acked = [one, two].map((socket) => listen(socket, "acked"));
  // Like the well-known page: it acks every event that requests one.
  for (const socket of [one, two]) socket.on("my_response", (_, ack) => ack?.());
  const said = (at) => responses[at].map((response) => (Array.isArray(response) ? response[0] : response));

  for (let count = 1; count <= 3; count += 1) one.emit("my_event", { data: `message ${count}` });
  two.emit("my_event", { data: { any: ["thing"] } });
  await Promise.all([acked[0].reach(3), acked[1].reach(1)]);
  const connected = { data: "Server connected", count: 0 };
  assert.deepEqual(said(0), [connected, ...[1, 2, 3].map((count) => ({ data: `message ${count}`, count }))]);
  assert.deepEqual(said(1), [connected, { data: { any: ["thing"] }, count: 1 }]);
  assert.deepEqual(acked, [[1, 2, 3].map((count) => ({ count })), [{ count: 1 }]]);

  one.emit("my_ping");
  assert.deepEqual(await heard(one, "my_pong"), []);
  assert.match((await ask(one, "my_event", "no object")).error, /^argument 1/);

  const gone = heard(one, "disconnect");
  one.emit("disconnect_request");
  assert.equal((await gone)[0], "io server disconnect");
  assert.deepEqual(said(0).at(-1), { data: "Disconnected!", count: 4 });
  const [error] = await heard(server.open("/"), "connect_error");
  assert.equal(error.message, "Invalid namespace");
  assert.equal(await server.stop(), 0);
});

test("counter: client without acks is still served", async (t) => {
  const server = await serve(t, "counter");
  const socket = server.open("/test");
  const responses = listen(socket, "my_response");
  for (let count = 1; count <= 20; count += 1) socket.emit("my_event", { data: count });
  await responses.reach(21);
  assert.deepEqual(responses.slice(1).map(([{ count }]) => count), Array.from({ length: 20 }, (_, at) => at + 1));
  const acked = listen(socket, "acked");
  await ask(socket, "my_ping");
  assert.deepEqual(acked, []);
});

test("rooms: line reaches the room and presence reaches all", async (t) => {
  const server = await serve(t, "rooms");
  const enter = async (name, transports) => {
    const socket = server.open("/", { auth: { name }, transports });
    const person = { name, socket, online: null, chat: listen(socket, "chat"), notices: listen(socket, "new_message") };
    socket.on("online", (people) => (person.online = people.map((one) => one.name).sort().join()));
    person.sees = (names) => until(socket, () => person.online === names, `${name} to see ${names}`);
    await heard(socket, "connect");
    return person;
  };
  const ada = await enter("Ada", ["websocket"]);
  const bob = await enter("Bob", ["polling"]);
  const cyd = await enter("Cyd", ["polling", "websocket"]);
  await Promise.all([ada, bob, cyd].map((person) => person.sees("Ada,Bob,Cyd")));

  await ask(ada.socket, "join", { room: "hall" });
  await ask(bob.socket, "join", { room: "hall" });
  const line = { threadId: "hall", message: "Hello!" };
  await ask(ada.socket, "chat", line);
  await ask(cyd.socket, "join", { room: "hall" });
  await ask(bob.socket, "leave", { room: "hall" });
  await ask(cyd.socket, "chat", { threadId: "hall", message: "Anyone?" });
  await Promise.all([ada, bob, cyd].map(({ socket }) => ask(socket, "leave", { room: "none" })));
  assert.deepEqual([ada, bob, cyd].map(({ chat }) => chat.map(({ message }) => message)), [["Hello!", "Anyone?"], ["Hello!"], ["Anyone?"]]);
  assert.deepEqual(ada.chat[0], line);
  assert.deepEqual(bob.notices, [{ threadId: "hall", from: "Ada" }]);

  bob.socket.disconnect();
  await Promise.all([ada, cyd].map((person) => person.sees("Ada,Cyd")));
  cyd.socket.io.engine.close();
  await ada.sees("Ada,Cyd");
  const [error] = await heard(server.open("/"), "connect_error");
  assert.match(error.message, /missing field `name`/);
  assert.equal(await server.stop(), 0);
});

for (const [how, signal] of [["is killed", "SIGKILL"], ["falls silent", "SIGSTOP"]]) {
  test(`rooms: client that ${how} is no longer online`, async (t) => {
    const server = await serve(t, "rooms");
    const socket = server.open("/", { auth: { name: "Ada" } });
    let online = [];
    socket.on("online", (people) => (online = people));
    for (const transports of ["websocket", "polling"]) {
      const script = `import { io } from "${module}";
        io("${server.url}", { auth: { name: "Bob" }, transports: ["${transports}"] })`;
      const bob = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
      const ended = once(bob, "exit");
      t.after(() => bob.kill("SIGKILL"));
      await until(socket, () => online.length === 2, "Bob to be online");
      bob.kill(signal);
      await until(socket, () => online.length === 1, "Bob to be gone");
      assert.deepEqual(online, [{ id: socket.id, name: "Ada" }]);
      bob.kill("SIGKILL");
      await within(ended, "the end of the other client");
    }
  });
}

test("messages: room lists survive a restart", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "messages-"));
  t.after(() => rm(folder, { recursive: true }));
  const server = await serve(t, "messages", { DB: join(folder, "messages.db") });
  const [ada, bob] = [await server.connect(), await server.connect("/", { transports: ["polling"] })];
  const latest = {};
  for (const socket of [ada, bob]) socket.on("newMessage/hall", (list) => (latest[socket.id] = list));
  const has = (socket, count) => until(socket, () => latest[socket.id]?.length === count, `a list of ${count}`);

  await ask(ada, "join", { room: "hall" });
  await ask(bob, "join", { room: "hall" });
  const message = (at) => ({ room: "hall", author: "Ada", text: `O'Hara; "drop table" ${at} 🏔️` });
  await Promise.all(Array.from({ length: 20 }, (_, at) => ask([ada, bob][at % 2], "send_message", message(at))));
  await ask(bob, "send_message", { room: "attic", author: "Bob", text: "elsewhere" });
  await Promise.all([has(ada, 20), has(bob, 20)]);
  const all = Array.from({ length: 20 }, (_, at) => message(at).text).sort();
  for (const { id } of [ada, bob]) assert.deepEqual(latest[id].map(({ text }) => text).sort(), all);
  assert.deepEqual(latest[ada.id], latest[bob.id]);
  assert.match((await ask(ada, "send_message", { room: "hall" })).error, /^argument 1: missing field/);

  const [kept, back] = [latest[ada.id], heard(ada, "connect")];
  assert.equal(await server.stop(), 0);
  await server.start();
  await back;
  const list = heard(ada, "newMessage/hall");
  await ask(ada, "join", { room: "hall" });
  assert.deepEqual((await list)[0], kept);
});

test("messages: without a file lists are kept in memory", async (t) => {
  const server = await serve(t, "messages", { DB: "" });
  const socket = await server.connect();
  const list = heard(socket, "newMessage/hall");
  await socket.timeout(patience).emitWithAck("send_message", { room: "hall", author: "Ada", text: "1" });
  await ask(socket, "join", { room: "hall" });
  assert.deepEqual((await list)[0], [{ room: "hall", author: "Ada", text: "1" }]);
});
