// A TCP relay: a second address of a server, at which a test interrupts or changes the traffic.

import { once } from "node:events";
import { connect, createServer } from "node:net";

const pipe = ({ client, server }) => {
  client.pipe(server);
  server.pipe(client);
};

// `target` is the URL of the server, or a function that returns it for each connection. A connection that `accept` refuses is
// closed at once. `attach` forwards the bytes of a link; by default both ways are piped.
export async function startRelay(test, target, { accept = () => true, attach = pipe } = {}) {
  const links = new Set();
  const listener = createServer({ noDelay: true }, (client) => {
    const address = accept() && (typeof target === "function" ? target() : target);
    if (!address) return client.on("error", () => {}).destroy();
    const { hostname, port } = new URL(address);
    const server = connect({ port: Number(port || 5432), host: hostname, noDelay: true });
    const link = {
      client,
      server,
      close() {
        links.delete(link);
        client.destroy();
        server.destroy();
      },
    };
    links.add(link);
    for (const side of [client, server]) side.on("error", () => {}).on("close", () => link.close());
    attach(link);
  });
  const closeAll = () => {
    for (const link of [...links]) link.close();
  };
  await once(listener.listen(0, "127.0.0.1"), "listening");
  test.after(() => {
    listener.close();
    closeAll();
  });
  return { url: `http://127.0.0.1:${listener.address().port}`, links, closeAll };
}
