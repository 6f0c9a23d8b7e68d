// Disconnects: the reasons on both sides, and whether the client reconnects.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { proxy } from "./proxy.js";
import { ask, heard, listen, serve, within } from "./server.js";

const module = new URL("./node_modules/socket.io-client/build/esm/index.js", import.meta.url);

// A client, and another one that receives its disconnect.
async function pair(t, options = {}) {
  const server = await serve(t, "features");
  const watcher = await server.connect("/", { path: options.path });
  const socket = await server.connect("/", options);
  return { server, watcher, socket, id: socket.id, gone: heard(watcher, "gone"), told: heard(socket, "disconnect") };
}

for (const transports of [["polling"], ["websocket"]]) {
  test(`disconnect by the client, by ${transports}`, async (t) => {
    const { socket, id, gone, told } = await pair(t, { transports });
    socket.disconnect();
    assert.deepEqual(await gone, [id, "client disconnect"]);
    assert.equal((await told)[0], "io client disconnect");
  });

  test(`lost connection reconnects, by ${transports}`, async (t) => {
    const { socket, id, gone, told } = await pair(t, { transports });
    socket.io.engine.close();
    assert.deepEqual(await gone, [id, "transport close"]);
    assert.equal((await told)[0], "forced close");
    await heard(socket, "connect");
    assert.notEqual(socket.id, id);
  });

  test(`server disconnect of one namespace, by ${transports}`, async (t) => {
    const { server, socket, id, gone, told } = await pair(t, { transports });
    const second = server.beside(socket, "/second");
    await heard(second, "connect");
    socket.emit("leave me");
    assert.deepEqual(await gone, [id, "server disconnect"]);
    assert.equal((await told)[0], "io server disconnect");
    assert.equal(socket.active, false, "it does not come back by itself");
    assert.equal(await ask(second, "echo", 1), 1);
    // It may reconnect explicitly.
    socket.connect();
    await heard(socket, "connect");
    assert.equal(await ask(socket, "echo", 2), 2);
  });

  test(`server close of the session, by ${transports}`, async (t) => {
    const { server, socket, id, gone, told } = await pair(t, { transports });
    const second = server.beside(socket, "/second");
    await heard(second, "connect");
    const ended = heard(second, "disconnect");
    const back = listen(socket, "back");
    socket.emit("back", "before the end");
    socket.emit("close me");
    assert.deepEqual(await gone, [id, "server disconnect"]);
    assert.equal((await told)[0], "io server disconnect");
    assert.deepEqual(back, ["before the end"]);
    assert.equal(socket.active, false, "it does not come back by itself");
    assert.ok(["io server disconnect", "transport close"].includes((await ended)[0]));
  });

  test(`panic closes only its client's session, by ${transports}`, async (t) => {
    const { watcher, socket, id, gone, told } = await pair(t, { transports });
    socket.emit("panic");
    assert.deepEqual(await gone, [id, "handler panicked"]);
    assert.match((await told)[0], /^transport (close|error)$/);
    await heard(socket, "connect");
    assert.equal(await ask(socket, "echo", 1), 1);
    assert.equal(await ask(watcher, "echo", 1), 1);
  });

  test(`killed client is disconnected, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const watcher = await server.connect("/", { path: "/limits/" });
    const script = `import { io } from "${module}";
      const socket = io("${server.url}", { path: "/limits/", transports: ${JSON.stringify(transports)} });
      socket.on("connect", () => console.log(socket.id));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [id] = await within(once(child.stdout.setEncoding("utf8"), "data"), "the other client");
    const gone = heard(watcher, "gone");
    child.kill("SIGKILL");
    const [who, reason] = await gone;
    assert.equal(who, id.trim());
    assert.ok(["transport close", "ping timeout"].includes(reason), reason);
  });

  test(`silent client times out and reconnects, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const between = await proxy(t, server.port);
    const watcher = await server.connect("/", { path: "/limits/" });
    const socket = await server.connect("/", { url: between.url, path: "/limits/", transports });
    const [gone, told, id] = [heard(watcher, "gone"), heard(socket, "disconnect"), socket.id];
    between.freeze();
    assert.deepEqual(await gone, [id, "ping timeout"]);
    assert.equal((await told)[0], "ping timeout");
    const back = heard(socket, "connect");
    between.thaw();
    await back;
    assert.equal(await ask(socket, "echo", 1), 1);
  });
}

test("client with pongs stays connected", async (t) => {
  const server = await serve(t, "features");
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    const socket = await server.connect("/", { path: "/limits/", transports });
    const gone = listen(socket, "disconnect");
    for (let ping = 0; ping < 5; ping += 1) {
      await within(new Promise((resolve) => socket.io.once("ping", resolve)), "a ping");
    }
    assert.equal(await ask(socket, "echo", 1), 1);
    assert.deepEqual(gone, []);
  }
});

test("ack requested from a disconnected client is not waited for", async (t) => {
  const server = await serve(t, "features");
  const [asking, leaving] = [await server.connect(), await server.connect()];
  leaving.on("question", () => leaving.io.engine.close());
  const { replies, missing } = await ask(asking, "ask_all", [leaving.id], 60_000);
  assert.deepEqual([replies, missing.length], [[], 1]);
});
