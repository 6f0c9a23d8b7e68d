// A story: a gym of its own, windows on it in a real browser, and a witness that asks the server what it has.
//
// However a story goes, no window may have said anything in its console nor run against the page's policy.

import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TIMEOUT, openSocket, startServer } from "@rowcast/test-support";
import { launchBrowser } from "@rowcast/test-support/browser";
import { openWindow } from "./window.js";

const dist = fileURLToPath(new URL("../../../web/dist", import.meta.url));

let browser;
after(() => browser?.close());

// `auth` is the witness's handshake, if access is restricted. `long` is for tests of many places.
export function story(name, { sample, settings = [], web = dist, auth, log = "ignore", long = false } = {}, body) {
  test(name, { timeout: (long ? 20 : 6) * TIMEOUT }, async (t) => {
    browser ??= await launchBrowser();
    const server = await startServer(t, { sample, settings: [...(web ? ["--web", web] : []), ...settings], log });
    const windows = [];
    const open = async (options = {}) => {
      const window = await openWindow(browser, { url: server.url, ...options });
      windows.push(window);
      return window;
    };
    let witness;
    const gym = {
      ...server,
      file: new URL(server.database).pathname,
      open,
      socket: (options) => openSocket(t, server.url, options),
      get witness() {
        return (witness ??= openSocket(t, server.url, { auth }));
      },
      waitFor: (what, condition) => gym.witness.waitFor(what, condition),
    };
    try {
      await body(gym, t);
      for (const window of windows) window.isQuiet();
    } catch (error) {
      for (const window of windows) await window.reportFailure(t, name);
      throw error;
    } finally {
      await Promise.all(windows.map((window) => window.context.close()));
    }
  });
}
