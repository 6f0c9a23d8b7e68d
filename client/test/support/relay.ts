// A relay to the server that a test interrupts, for example once a write is committed and its ack is on its way.

import { onTestFinished } from "vitest";
import { startRelay, type RelayLink } from "../../../tests/support/index.js";

export interface FaultyRelay {
  url: string;
  /** Closes all connections, and refuses new ones. */
  cut(): void;
  /** Accepts connections again. */
  mend(): void;
  /** The bytes that the server has sent since the last cut. */
  sent(): string;
  /** Open connections pass nothing more and are not closed, as for a device that has slept. */
  deafen(): void;
  /** What happens to WebSockets from now on. */
  webSockets: WebSockets;
  /** Number of upgrades that were let through. */
  upgraded(): number;
  /** Cuts the connection in the place of the next ack of a write; resolves when that has happened. */
  cutNextAck(): Promise<void>;
}

/** Let through, or cut; requested and never answered; or opened, and nothing passes. */
export type WebSockets = "passed" | "refused" | "unanswered" | "swallowed";

const UPGRADE = /^upgrade: websocket/im;
// The head of the response that accepts an upgrade.
const SWITCHING_PROTOCOLS = /^HTTP\/1\.1 101 .*?\r\n\r\n/s;
// Socket.IO's ack is `43` and its number, in a WebSocket frame that the server does not mask.
const WRITE_ACK = /43\d+\[\{"ok"/;

export async function faultyRelay(server: { url: string }, { webSockets = "passed" as WebSockets } = {}): Promise<FaultyRelay> {
  let whole = true;
  let onAckCut: (() => void) | undefined;
  let sent = "";
  let upgraded = 0;
  let deaf = new Set<RelayLink>();
  const tcp = await startRelay({ after: onTestFinished }, server.url, { accept: () => whole, attach });

  function attach(link: RelayLink): void {
    let swallows = false;
    link.client.on("data", (bytes) => {
      if (deaf.has(link) || swallows) return;
      if (UPGRADE.test(bytes.toString("latin1"))) {
        if (relay.webSockets === "refused") return link.close();
        if (relay.webSockets === "unanswered") return;
        swallows = relay.webSockets === "swallowed";
        upgraded += Number(!swallows);
      }
      link.server.write(bytes);
    });
    link.server.on("data", (bytes) => {
      if (deaf.has(link)) return;
      const text = bytes.toString("latin1");
      if (swallows) {
        const head = SWITCHING_PROTOCOLS.exec(text)?.[0];
        return void (head && link.client.write(head, "latin1"));
      }
      sent += text;
      if (onAckCut && WRITE_ACK.test(text)) {
        const resolve = onAckCut;
        onAckCut = undefined;
        link.close();
        resolve();
      } else link.client.write(bytes);
    });
  }

  const relay: FaultyRelay = {
    url: tcp.url,
    webSockets,
    upgraded: () => upgraded,
    deafen: () => void (deaf = new Set(tcp.links)),
    cut() {
      whole = false;
      sent = "";
      tcp.closeAll();
    },
    sent: () => sent,
    mend: () => void (whole = true),
    cutNextAck: () => new Promise((resolve) => (onAckCut = resolve)),
  };
  return relay;
}
