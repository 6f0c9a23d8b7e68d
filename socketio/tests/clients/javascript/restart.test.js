// Restarts of the server, after which clients reconnect automatically.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, heard, listen, serve, settled } from "./server.js";

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  for (const how of ["stop", "kill"]) {
    test(`clients reconnect after the server's ${how}, by ${transports}`, async (t) => {
      const server = await serve(t, "features");
      const options = { transports };
      const clients = await Promise.all([1, 2, 3].map(() => server.connect("/", options)));
      const second = server.beside(clients[0], "/second");
      await heard(second, "connect");
      const back = listen(clients[1], "back");

      for (let round = 1; round <= 3; round += 1) {
        const everyone = [...clients, second];
        await Promise.all(clients.map((socket) => settled(socket, transports)));
        const gone = everyone.map((socket) => heard(socket, "disconnect"));
        const code = await server[how]();
        assert.equal(code, how === "stop" ? 0 : null);
        for (const [reason] of await Promise.all(gone)) {
          // After any other reason the client would not reconnect automatically.
          assert.ok(["transport close", "transport error"].includes(reason), reason);
        }
        // Events emitted meanwhile wait in the client.
        clients[1].emit("back", round);
        const here = everyone.map((socket) => heard(socket, "connect"));
        await server.start();
        await Promise.all(here);
        await back.reach(round);
        assert.equal(await ask(second, "echo", round), round);
      }
      assert.deepEqual(back, [1, 2, 3]);
    });
  }
}

for (const transports of [["polling"], ["websocket"]]) {
  test(`events received before a stop are acked, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { transports });
    const [answer, started, gone] = [ask(socket, "slow", 300), heard(socket, "started"), heard(socket, "disconnect")];
    await started;
    const stopped = server.stop();
    assert.equal(await answer, "done");
    assert.match((await gone)[0], /^transport (close|error)$/);
    assert.equal(await stopped, 0);
  });

  test(`handler receives an ack during shutdown, by ${transports}`, async (t) => {
    const server = await serve(t, "features");
    const socket = await server.connect("/", { transports });
    socket.on("question", (answer) => setTimeout(answer, 100, "before the end"));
    const [asked, question, gone] = [ask(socket, "ask", 10_000), heard(socket, "question"), heard(socket, "disconnect")];
    await question;
    const stopped = server.stop();
    assert.equal(await asked, "before the end");
    assert.match((await gone)[0], /^transport (close|error)$/);
    assert.equal(await stopped, 0);
  });
}

test("client may start before the server", async (t) => {
  const server = await serve(t, "features");
  await server.stop();
  const socket = server.open();
  const answer = ask(socket, "echo", "at last");
  await heard(socket.io, "reconnect_attempt");
  await server.start();
  assert.equal(await answer, "at last");
});
