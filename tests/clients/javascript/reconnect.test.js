// The server goes away and comes back; a page needs to do nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextEvent, startServer } from "@rowcast/test-support";

const coach = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

for (const how of ["stop", "kill"]) {
  test(`a client reconnects after the server's ${how}`, async (t) => {
    const server = await startServer(t, { sample: "never" });
    const pages = [server.open(), server.open(), server.open()];
    await Promise.all(pages.map((page) => page.waitFor("the gym", () => true)));
    await pages[0].request("new_coach", coach);

    for (let round = 1; round <= 3; round += 1) {
      const gone = pages.map(({ socket }) => nextEvent(socket, "disconnect"));
      await server[how]();
      for (const reason of await Promise.all(gone)) {
        // After any other reason the client would not try again by itself.
        assert.ok(["transport close", "transport error"].includes(reason), reason);
      }
      // What is written meanwhile waits in the client.
      const waiting = pages[1].request("new_coach", { ...coach, name: `Round ${round}` });
      const back = pages.map(({ socket }) => nextEvent(socket, "connected"));
      await server.start();
      await Promise.all(back);
      assert.equal((await waiting).data.id, round + 1);
      for (const page of pages) {
        await page.waitFor("all coaches", ({ coaches }) => coaches.length === round + 1);
      }
    }
  });
}

test("a client opened before the server connects", async (t) => {
  const server = await startServer(t);
  await server.stop();
  const page = server.open();
  const asked = page.request("get_coach", { id: 1 });
  await nextEvent(page.socket.io, "reconnect_attempt");
  await server.start();
  assert.equal((await asked).data.id, 1);
  await page.waitFor("the gym", ({ schedules }) => schedules.length === 36);
});

test("a disconnected client leaves no session, and may connect again", async (t) => {
  const server = await startServer(t);
  const { socket, request } = server.open();
  for (let round = 0; round < 5; round += 1) {
    assert.ok((await request("get_coach", { id: 1 })).ok);
    const before = socket.id;
    socket.disconnect();
    const greeted = nextEvent(socket, "connected");
    socket.connect();
    assert.notEqual((await greeted).sid, before);
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /^socketio_sessions\{transport="websocket"\} 1$/m);
});
