// Each transport alone, in both orders, and the upgrade.

import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy } from "./proxy.js";
import { ask, heard, listen, serve, within } from "./server.js";

const ways = [["polling"], ["websocket"], ["polling", "websocket"], ["websocket", "polling"]];
const bytes = (...list) => Buffer.from(list);

for (const transports of ways) {
  test(`by ${transports.join(", then ")}`, async (t) => {
    const server = await serve(t, "features");
    const socket = server.open("/", { transports });
    const upgraded = transports.length > 1 && transports[0] === "polling";
    const upgrade = upgraded ? new Promise((resolve) => socket.io.on("open", () => socket.io.engine.once("upgrade", resolve))) : null;
    const [welcome] = await heard(socket, "welcome");
    assert.equal(welcome.id, socket.id);
    if (upgraded) await within(upgrade, "the upgrade");
    assert.equal(socket.io.engine.transport.name, upgraded ? "websocket" : transports[0]);

    const back = listen(socket, "back");
    for (let number = 0; number < 200; number += 1) socket.emit("back", number);
    assert.deepEqual(await ask(socket, "echo", "é", { deep: [null, "🏋️", 1.5] }), "é");
    assert.deepEqual(back, Array.from({ length: 200 }, (_, number) => number));

    const [who] = await ask(socket, "who", [socket.id]);
    assert.equal(who.transport, socket.io.engine.transport.name);
  });
}

test("numbered events survive the upgrade in order", async (t) => {
  const server = await serve(t, "features");
  const between = await proxy(t, server.port);
  between.close();
  const options = { url: between.url, transports: ["polling", "websocket"] };
  const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect("/", options)));
  const heardBy = clients.map((socket) => ({ ticks: listen(socket, "tick"), back: listen(socket, "back") }));
  let sent = 0;
  const send = async (count) => {
    for (const until = sent + count; sent < until; sent += 1) {
      for (const socket of clients) socket.emit("back", sent, bytes(sent % 256));
      if (sent % 10 === 0) await new Promise(setImmediate);
    }
  };

  const numbers = (count) => Array.from({ length: count }, (_, number) => number);
  const expected = [...numbers(100), ...numbers(2000)];
  for (const socket of clients) socket.emit("stream", 100);
  await Promise.all([send(500), ...heardBy.flatMap(({ ticks, back }) => [ticks.reach(100), back.reach(50)])]);
  assert.ok(clients.every(({ io }) => io.engine.transport.name === "polling"));
  const ticksAtUpgrade = clients.map(({ io }, at) => {
    const upgrade = new Promise((resolve) => io.engine.once("upgrade", () => resolve(heardBy[at].ticks.length)));
    return within(upgrade, "the upgrade");
  });
  for (const socket of clients) socket.emit("stream", 2000);
  between.open();
  const [counts] = await Promise.all([Promise.all(ticksAtUpgrade), send(500)]);
  assert.ok(counts.every((count) => count < expected.length), "some come after the upgrade");
  await send(500);

  for (const [at, { ticks, back }] of heardBy.entries()) {
    await Promise.all([ticks.reach(expected.length), back.reach(sent)]);
    await ask(clients[at], "echo");
    assert.deepEqual(ticks, expected);
    assert.deepEqual(back, Array.from({ length: sent }, (_, number) => [number, bytes(number % 256)]));
  }
});

test("failed upgrade keeps polling", async (t) => {
  const server = await serve(t, "features");
  const between = await proxy(t, server.port);
  between.close();
  const socket = await server.connect("/", { url: between.url, transports: ["polling", "websocket"] });
  const [gone, back] = [listen(socket, "disconnect"), listen(socket, "back")];
  const failed = new Promise((resolve) => socket.io.engine.once("upgradeError", resolve));
  for (let number = 0; number < 100; number += 1) {
    socket.emit("back", number);
    if (number === 50) between.turnAway();
    await new Promise(setImmediate);
  }
  await within(failed, "the upgrade to fail");
  await ask(socket, "echo");
  assert.deepEqual(back, Array.from({ length: 100 }, (_, number) => number));
  assert.deepEqual([gone, socket.io.engine.transport.name], [[], "polling"]);
});

for (const transports of ways) {
  test(`binary values travel by ${transports.join(", then ")}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { transports });
    const file = { name: "two parts", parts: [bytes(0, 1, 255), bytes()] };
    const answer = await ask(socket, "file", file, bytes(7));
    assert.deepEqual(answer, { name: "two parts", parts: [bytes(7), bytes(), bytes(0, 1, 255)] });

    const back = listen(socket, "back");
    const nested = { a: [bytes(1), { b: new Uint8Array([2, 3]) }], text: "_placeholder" };
    const large = Buffer.alloc(300_000, 9);
    socket.emit("back", nested, large, null);
    socket.emit("back", "text between");
    socket.emit("back", bytes(4));
    await back.reach(3);
    assert.deepEqual(back[0], [{ a: [bytes(1), { b: bytes(2, 3) }], text: "_placeholder" }, large, null]);
    assert.deepEqual([back[1], back[2]], ["text between", bytes(4)]);

    socket.on("question", (value, answer) => answer({ twice: [value, value] }));
    assert.deepEqual(await ask(socket, "ask", 10_000, bytes(5)), { twice: [bytes(5), bytes(5)] });
  });
}

test("server may offer one transport only", async (t) => {
  const server = await serve(t, "features");
  const stuck = server.open("/", { path: "/polling/", transports: ["websocket"], reconnection: false });
  await heard(stuck, "connect_error");

  const either = { path: "/polling/", transports: ["websocket", "polling"], tryAllTransports: true };
  const socket = await server.connect("/", either);
  assert.equal(socket.io.engine.transport.name, "polling");
  const patient = await server.connect("/", { path: "/polling/", transports: ["polling", "websocket"] });
  assert.deepEqual(patient.io.engine.upgrades ?? [], []);
  assert.equal(await ask(patient, "echo", 1), 1);
  assert.equal(patient.io.engine.transport.name, "polling");
});

test("pages of other origins are refused", async (t) => {
  const server = await serve(t, "features");
  for (const transports of [["polling"], ["websocket"]]) {
    const from = (origin) => ({ transports, reconnection: false, extraHeaders: { origin } });
    await server.connect("/", from("https://page.example"));
    await heard(server.open("/", from("https://other.example")), "connect_error");
    await heard(server.open("/", from("null")), "connect_error");
  }
  // The preflight of a browser for a cross-origin request.
  const [url, origin] = [`${server.url}/socket.io/?EIO=4&transport=polling`, "https://page.example"];
  const wishes = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  for (const method of ["GET", "OPTIONS"]) {
    const answer = await fetch(url, { method, headers: { origin, ...(method === "OPTIONS" ? wishes : {}) } });
    assert.ok(answer.ok, method);
    assert.equal(answer.headers.get("access-control-allow-origin"), origin, method);
    assert.equal((await fetch(url, { method: "GET", headers: { origin: "https://other.example" } })).status, 403);
  }
});
