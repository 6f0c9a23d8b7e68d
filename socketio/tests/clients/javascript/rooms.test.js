// Rooms: recipients and members.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, heard, listen, serve } from "./server.js";

// Four clients, by both transports, and the events that each has received.
async function crowd(t) {
  const server = await serve(t, "features");
  const ways = ["polling", "websocket", "websocket", "polling"];
  const clients = await Promise.all(ways.map((way) => server.connect("/", { transports: [way] })));
  const said = clients.map((socket) => listen(socket, "said"));
  // Events since the last call, with none in flight.
  const news = async () => {
    await Promise.all(clients.map((socket) => ask(socket, "echo")));
    return said.map((list) => list.splice(0));
  };
  return { server, clients, news };
}

test("event reaches the sockets of a room", async (t) => {
  const { clients: [a, b, c, d], news } = await crowd(t);
  await Promise.all([a, b, c].map((socket) => ask(socket, "join", "one")));
  await Promise.all([b, d].map((socket) => ask(socket, "join", "two")));
  assert.deepEqual((await ask(b, "rooms")).sort(), ["one", "two"]);

  for (const [from, event, args, heardBy] of [
    [a, "say", [[], []], "abcd"],
    [a, "say", [["one"], []], "abc"],
    [d, "say", [["one"], []], "abc"],
    [a, "say", [["one", "two"], []], "abcd"],
    [a, "say", [["one"], ["two"]], "ac"],
    [a, "say", [[], ["one"]], "d"],
    [a, "say", [["nowhere"], []], ""],
    [a, "say", [[b.id], []], "b"],
    [a, "say", [[b.id, "two"], [d.id]], "b"],
    [a, "to", ["one"], "bc"],
    [d, "to", ["one"], "abc"],
    [d, "to", [d.id], ""],
    [b, "except", ["two"], "ac"],
    [b, "others", [], "acd"],
  ]) {
    await ask(from, event, ...args, "x", Buffer.from([1]));
    const by = (await news()).map((list, at) => "abcd"[at].repeat(list.length)).join("");
    assert.equal(by, heardBy, `${event} ${JSON.stringify(args)}`);
  }

  await ask(b, "leave", "one");
  await ask(b, "leave", "never entered");
  assert.deepEqual(await ask(b, "rooms"), ["two"]);
  await ask(a, "say", ["one"], [], "to those who are left");
  assert.deepEqual((await news()).map((list) => list.length), [1, 0, 1, 0]);
});

test("sockets are moved, listed and disconnected", async (t) => {
  const { clients: [a, b, c, d], news } = await crowd(t);
  await Promise.all([b, c].map((socket) => ask(socket, "join", "old")));
  await ask(a, "move", "old", "new");
  await ask(a, "say", ["new"], [], 1);
  await ask(a, "say", ["old"], [], 2);
  assert.deepEqual(await news(), [[], [1], [1], []]);

  const there = await ask(a, "who", ["new"]);
  assert.deepEqual(there.map(({ id }) => id).sort(), [b.id, c.id].sort());
  assert.ok(there.every(({ rooms, transport }) => rooms.join() === "new" && transport === "websocket"));
  assert.equal((await ask(a, "who", [])).length, 4);

  const out = [b, c].map((socket) => heard(socket, "disconnect"));
  await ask(a, "kick", ["new"], false);
  assert.deepEqual((await Promise.all(out)).map(([reason]) => reason), Array(2).fill("io server disconnect"));
  const cut = heard(d, "disconnect");
  await ask(a, "kick", [d.id], true);
  assert.equal((await cut)[0], "io server disconnect");
  assert.deepEqual((await ask(a, "who", [])).map(({ id }) => id), [a.id]);
});

test("broadcast acks list replies and missing sockets", async (t) => {
  const { clients: [a, b, c, d] } = await crowd(t);
  const answers = { a: 1, b: [Buffer.from([2])], c: null };
  a.on("question", (what, answer) => answer(answers.a, what));
  b.on("question", (_, answer) => answer());
  c.on("question", (_, answer) => answer(answers.c));

  let { replies, missing } = await ask(a, "ask_all", [], 500);
  const expected = { [a.id]: [1, "all"], [b.id]: [], [c.id]: [null] };
  assert.deepEqual(Object.fromEntries(replies), expected);
  assert.deepEqual(missing, [d.id]);

  ({ replies, missing } = await ask(a, "ask_all", [a.id, b.id], 10_000));
  assert.deepEqual([replies.length, missing], [2, []]);
  ({ replies, missing } = await ask(a, "ask_all", ["nowhere"], 10_000));
  assert.deepEqual([replies, missing], [[], []]);

  // A socket that disconnects meanwhile is not waited for.
  d.on("question", () => d.disconnect());
  ({ replies, missing } = await ask(a, "ask_all", [], 10_000));
  assert.deepEqual([replies.length, missing.length], [3, 1]);
});
