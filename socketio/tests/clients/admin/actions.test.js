// Operations of a page.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { chat, within } from "./chat.js";

const all = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"];

test("page emits, changes rooms and disconnects clients", async (test) => {
  const server = await chat(test);
  const [one, other] = [await server.client("/org-1"), await server.client("/org-1")];
  const second = one.io.socket("/");
  await within(once(second, "connect"), "a second socket of the first client");
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  assert.deepEqual(page.features, [...all, "AGGREGATED_EVENTS", "ALL_EVENTS"]);

  // A filter is a socket or a room; without one all sockets are selected.
  const heard = [];
  for (const client of [one, other]) client.on("news", (...args) => heard.push([client.id, ...args]));
  const toBoth = within(Promise.all([once(one, "end"), once(other, "end")]), "an event for all");
  page.socket.emit("emit", "/org-1", one.id, "news", 1, { two: [Uint8Array.of(3)] });
  page.socket.emit("emit", "/org-1", undefined, "end");
  await toBoth;
  assert.deepEqual(heard, [[one.id, 1, { two: [Buffer.from([3])] }]]);

  page.socket.emit("join", "/org-1", "attic", one.id);
  page.socket.emit("join", "/org-1", "cellar");
  await page.until("the rooms", () => page.rooms(other.id).includes("cellar"));
  assert.deepEqual(page.rooms(one.id), [one.id, "attic", "cellar", "lobby"].sort());
  page.socket.emit("leave", "/org-1", "cellar", "attic");
  page.socket.emit("leave", "/org-1", "lobby");
  await page.until("fewer rooms", () => !page.rooms(other.id).includes("lobby"));
  assert.deepEqual(page.rooms(one.id), [one.id, "attic"].sort());
  assert.deepEqual(page.rooms(other.id), [other.id, "cellar"].sort());

  const out = within(once(one, "disconnect"), "one to be put out");
  page.socket.emit("_disconnect", "/org-1", false, one.id);
  assert.equal((await out)[0], "io server disconnect");
  await second.emitWithAck("enter", "attic"); // only the one socket has ended
  const ended = within(once(other.io, "close"), "the other's session to end");
  page.socket.emit("_disconnect", "/org-1", true, "cellar");
  await ended;
  await page.until("both gone", () => page.ids("/org-1").length === 0);
  assert.deepEqual(page.ids("/"), [second.id]);
  assert.deepEqual(page.faults, []);
});

test("read-only page changes nothing", async (test) => {
  const server = await chat(test, { ADMIN_READ_ONLY: "1" });
  const client = await server.client();
  const page = await server.page();
  await page.until("the list", () => page.lists === 1);
  assert.deepEqual(page.features, ["AGGREGATED_EVENTS", "ALL_EVENTS"]);
  const { socket } = page;
  const answers = [
    await socket.emitWithAck("emit", "/", null, "news"),
    await socket.emitWithAck("join", "/", "attic", client.id),
    await socket.emitWithAck("leave", "/", "lobby", client.id),
    await socket.emitWithAck("_disconnect", "/", true, client.id),
  ];
  assert.ok(answers.every((answer) => answer.error));
  await client.emitWithAck("enter", "cellar");
  await page.until("the room", () => page.rooms(client.id).includes("cellar"));
  assert.deepEqual(page.rooms(client.id), [client.id, "cellar", "lobby"].sort());
});

test("pages cannot affect each other or act as a server", async (test) => {
  const server = await chat(test);
  const [page, other] = [await server.page(), await server.page()];
  for (const [action, ...args] of [
    ["emit", "/admin", null, "all_sockets", []],
    ["join", "/admin", "attic"],
    ["leave", "/admin", "attic"],
    ["_disconnect", "/admin", true],
    ["emit", "/", null, "disconnect"],
  ]) {
    assert.ok((await page.socket.emitWithAck(action, ...args)).error, action);
  }
  for (const wrong of [[], [7], [null, null, null]]) assert.ok((await page.socket.emitWithAck("emit", ...wrong)).error);
  await other.until("figures", () => other.stats.length > 0);
  assert.ok(other.socket.connected);
});
