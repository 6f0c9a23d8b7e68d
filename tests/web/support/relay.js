// A relay between windows and the server, which a test interrupts: all connections, or only those of Socket.IO.

import { FrameSplitter, startRelay } from "@rowcast/test-support";

const socketIo = /^(GET|POST) \/socket\.io\//;

export async function interruptibleRelay(test, url) {
  // Allowed connections: all, pages without Socket.IO, or none.
  let allowed = "all";
  let cutNextAck = false;
  let onAckCut = () => {};
  // Held messages of the server, and callbacks for the next event of the server and the next bytes of a window.
  let held;
  let onDown = [];
  let onUp = [];

  const relay = await startRelay(test, url, { accept: () => allowed !== "none", attach });

  function attach(link) {
    const { client, server } = link;
    link.live = false;
    const down = new FrameSplitter();
    client.on("data", (bytes) => {
      link.live ||= socketIo.test(bytes.toString("latin1", 0, 40));
      if (link.live && allowed === "pages") return link.close();
      server.write(bytes);
      for (const resolve of onUp.splice(0)) resolve();
    });
    server.on("data", (chunk) => {
      for (const { bytes, kind } of down.split(chunk)) {
        if (kind === "ack" && cutNextAck) {
          cutNextAck = false;
          cut();
          return onAckCut();
        }
        if (held) held.push(() => client.destroyed || client.write(bytes));
        else if (!client.destroyed) client.write(bytes);
        if (kind === "event") for (const resolve of onDown.splice(0)) resolve();
      }
    });
  }

  function cut({ pages = false } = {}) {
    allowed = pages ? "pages" : "none";
    for (const link of [...relay.links]) if (!pages || link.live) link.close();
  }

  return {
    url: relay.url,
    cut,
    // Holds the server's messages until `release`; resolves when the first event is held.
    hold() {
      held = [];
      return new Promise((resolve) => onDown.push(resolve));
    },
    // Resolves when a window has sent something.
    nextUpload: () => new Promise((resolve) => onUp.push(resolve)),
    release() {
      for (const pass of held.splice(0)) pass();
      held = undefined;
    },
    mend: () => (allowed = "all"),
    // Cuts all connections in the place of the next ack, until `mend`; resolves when that has happened.
    cutBeforeAck() {
      cutNextAck = true;
      return new Promise((resolve) => (onAckCut = resolve));
    },
  };
}
