// A proxy that freezes or closes the connections between a client and the server.

import { once } from "node:events";
import { Socket, createServer } from "node:net";

export async function proxy(test, port) {
  const pairs = new Set();
  let frozen = false;
  let gate = null;

  const listener = createServer((client) => {
    const server = new Socket();
    const pair = { client, server };
    pairs.add(pair);
    for (const end of [client, server]) end.on("error", () => {});
    if (frozen) return;
    server.pipe(client);
    client.once("data", async (first) => {
      client.pause();
      if (gate && first.includes("transport=websocket") && !(await gate.opened)) return client.destroy();
      // A server does not wait long for a request on a connection that is open.
      server.connect(port, "127.0.0.1");
      server.write(first);
      client.pipe(server);
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const cut = () => pairs.forEach(({ client, server }) => [client, server].forEach((end) => end.destroy()));
  test.after(() => (listener.close(), cut()));

  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    // WebSockets wait until they are accepted or refused.
    close() {
      gate = {};
      gate.opened = new Promise((resolve) => (gate.open = resolve));
    },
    open: () => gate.open(true),
    turnAway: () => gate.open(false),
    // Nothing passes in either direction, and neither end is notified.
    freeze() {
      frozen = true;
      for (const { client, server } of pairs) {
        client.unpipe(server);
        server.unpipe(client);
        client.resume();
        server.resume();
      }
    },
    // New connections pass; frozen ones are closed.
    thaw() {
      frozen = false;
      cut();
    },
    // Closes the connections to the client only, so that the server still has them. New ones pass.
    strand() {
      this.freeze();
      frozen = false;
      for (const { client } of pairs) client.destroy();
    },
    // The server's bytes stay unread until `go`.
    hold() {
      for (const { client, server } of pairs) {
        server.unpipe(client);
        server.pause();
      }
    },
    go() {
      for (const { client, server } of pairs) server.pipe(client);
    },
  };
}
