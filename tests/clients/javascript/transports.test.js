// A page without settings, and one behind something that lets only some transports through.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";

const coach = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

for (const transports of [undefined, ["polling"], ["websocket"], ["websocket", "polling"]]) {
  test(`a client reads, writes and receives others' writes with transports: ${JSON.stringify(transports)}`, async (t) => {
    const server = await startServer(t);
    const [page, other] = [server.open({ transports }), server.open({ transports: ["websocket"] })];
    await page.waitFor("the gym", ({ coaches }) => coaches.length > 0);
    await other.waitFor("the gym", ({ coaches }) => coaches.length > 0);

    for (let n = 0; n < 20; n += 1) {
      const [mine, theirs] = await Promise.all([
        page.request("new_coach", { ...coach, name: `Mine ${n}` }),
        other.request("new_coach", { ...coach, name: `Theirs ${n}` }),
      ]);
      assert.ok(mine.ok && theirs.ok);
      // A write is on the writer's screen before its ack.
      assert.ok(page.store.coaches.some(({ id }) => id === mine.data.id));
    }
    await page.waitFor("everybody's coaches", ({ coaches }) => coaches.filter(({ name }) => /^(Mine|Theirs) /.test(name)).length === 40);
    const transport = page.socket.io.engine.transport.name;
    assert.equal(transport, transports?.length === 1 ? transports[0] : "websocket");
  });
}
