// A cable between windows and the server, to be pulled: all of it, or only what is live.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Pieces } from "../../chaos/frames.js";

const live = /^(GET|POST) \/socket\.io\//;

export async function relay(test, url) {
  const port = Number(new URL(url).port);
  const links = new Set();
  // What passes: everything, pages without anything live, or nothing.
  let passes = "everything";
  let acks = "pass";
  let swallowed = () => {};
  // What the server says, kept from the windows for a while; and who waits to hear of it, and of what they say.
  let held;
  let downs = [];
  let ups = [];

  const listener = createServer({ noDelay: true }, (near) => {
    if (passes === "nothing") return near.on("error", () => {}).destroy();
    const far = connect({ port, host: "127.0.0.1", noDelay: true });
    const end = () => {
      links.delete(link);
      near.destroy();
      far.destroy();
    };
    const link = { end, live: false };
    links.add(link);
    const downward = new Pieces();
    near.on("data", (bytes) => {
      link.live ||= live.test(bytes.toString("latin1", 0, 40));
      if (link.live && passes === "pages") return end();
      far.write(bytes);
      for (const heard of ups.splice(0)) heard();
    });
    far.on("data", (chunk) => {
      for (const { bytes, kind } of downward.of(chunk)) {
        if (kind === "ack" && acks === "cut") {
          acks = "pass";
          cut();
          return swallowed();
        }
        if (held) held.push(() => near.destroyed || near.write(bytes));
        else if (!near.destroyed) near.write(bytes);
        if (kind === "event") for (const heard of downs.splice(0)) heard();
      }
    });
    for (const side of [near, far]) side.on("error", () => {}).on("close", end);
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  test.after(() => {
    listener.close();
    for (const link of links) link.end();
  });

  function cut({ pages = false } = {}) {
    passes = pages ? "pages" : "nothing";
    for (const link of [...links]) if (!pages || link.live) link.end();
  }

  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    cut,
    // Keeps from the windows what the server says, until the release; resolves once there is something.
    hold() {
      held = [];
      return new Promise((resolve) => downs.push(resolve));
    },
    // Resolves once a window has said something.
    pressed: () => new Promise((resolve) => ups.push(resolve)),
    release() {
      for (const pass of held.splice(0)) pass();
      held = undefined;
    },
    mend: () => (passes = "everything"),
    // The next ack does not arrive, and nothing after it until it is mended; resolves once that has happened.
    cutBeforeAck() {
      acks = "cut";
      return new Promise((resolve) => (swallowed = resolve));
    },
  };
}
