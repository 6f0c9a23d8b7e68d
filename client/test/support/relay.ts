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
  /** What is connected passes nothing more, and is not closed: as for a device that has slept. */
  deafen(): void;
  /** What becomes of WebSockets from now on. */
  webSockets: WebSockets;
  /** How many of them have been let through. */
  upgraded(): number;
  /** The next answer to a write is cut off together with the connection; resolves when that has happened. */
  cutNextAck(): Promise<void>;
}

/** Let through or cut; asked for and never answered; or opened, and nothing passes. */
export type WebSockets = "passed" | "refused" | "unanswered" | "swallowed";

const ASKS = /^upgrade: websocket/im;

export async function relay(server: { url: string }, { webSockets = "passed" as WebSockets } = {}): Promise<Relay> {
  const links = new Set<Socket>();
  let whole = true;
  let unlucky: (() => void) | undefined;
  let sent = "";
  let upgraded = 0;
  // Which connections were there when it went deaf.
  let deaf = new Set<Socket>();
  const listener = createServer((near) => {
    const far = connect({ port: Number(new URL(server.url).port), host: "127.0.0.1" });
    const end = () => {
      near.destroy();
      far.destroy();
      links.delete(near);
    };
    if (!whole) end();
    links.add(near);
    let swallows = false;
    near.on("data", (bytes) => {
      if (deaf.has(near) || swallows) return;
      if (ASKS.test(bytes.toString("latin1"))) {
        if (made.webSockets === "refused") return end();
        if (made.webSockets === "unanswered") return;
        swallows = made.webSockets === "swallowed";
        upgraded += Number(!swallows);
      }
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (deaf.has(near)) return;
      if (swallows) {
        // The server's consent, and nothing that it says after it.
        const head = bytes.toString("latin1").match(/^HTTP\/1.1 101 .*?\r\n\r\n/s)?.[0];
        return void (head && near.write(head, "latin1"));
      }
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
  const made: Relay = {
    url: `http://127.0.0.1:${port}`,
    webSockets,
    upgraded: () => upgraded,
    deafen: () => void (deaf = new Set(links)),
    cut,
    sent: () => sent,
    mend: () => void (whole = true),
    cutNextAck: () => new Promise((resolve) => (unlucky = resolve)),
  };
  return made;
}
