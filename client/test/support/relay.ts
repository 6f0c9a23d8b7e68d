// A way to the server that can be cut at the moment that matters: once a write is committed and its ack is on its way.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Relay {
  url: string;
  /** Nothing gets through from now on; what is connected is cut. */
  cut(): void;
  /** Connections are let through again. */
  mend(): void;
  /** What the server has sent through it since the last cut. */
  sent(): string;
  /** The next answer to a write is cut off together with the connection; resolves when that has happened. */
  cutNextAck(): Promise<void>;
}

/** With `webSockets: false` it is one of those proxies that let none through. */
export async function relay(server: { url: string }, { webSockets = true } = {}): Promise<Relay> {
  const links = new Set<Socket>();
  let whole = true;
  let unlucky: (() => void) | undefined;
  let sent = "";
  const listener = createServer((near) => {
    const far = connect({ port: Number(new URL(server.url).port), host: "127.0.0.1" });
    const end = () => {
      near.destroy();
      far.destroy();
      links.delete(near);
    };
    if (!whole) end();
    links.add(near);
    near.on("data", (bytes) => {
      if (!webSockets && /^upgrade: websocket/im.test(bytes.toString("latin1"))) end();
      else far.write(bytes);
    });
    far.on("data", (bytes) => {
      // Socket.IO's ack is `43` and its number, in a frame of a WebSocket that the server does not mask.
      sent += bytes.toString("latin1");
      if (unlucky && /43\d+\[\{"ok"/.test(bytes.toString("latin1"))) {
        const happened = unlucky;
        unlucky = undefined;
        end();
        happened();
      } else near.write(bytes);
    });
    for (const side of [near, far]) side.on("error", () => {}).on("close", end);
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const cut = () => {
    whole = false;
    sent = "";
    for (const link of links) link.destroy();
  };
  onTestFinished(() => {
    listener.close();
    cut();
  });
  const { port } = listener.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    sent: () => sent,
    mend: () => void (whole = true),
    cutNextAck: () => new Promise((resolve) => (unlucky = resolve)),
  };
}
