// A client with persistence, like a page that is closed and opened again.

import type { ClientOptions } from "../../src/index.ts";
import { indexedDb } from "../../src/indexeddb.ts";
import { withTimeout } from "../../../tests/support/index.js";
import { openClient, type Gym } from "./server.ts";
import { waitForClient } from "./wait.ts";

/** `leave` resolves once everything is stored. */
export function page(url: string, options: ClientOptions = {}) {
  const inner = indexedDb("gym");
  let closed: Promise<void> | undefined;
  const persistence: typeof inner = {
    async open(...args) {
      const handle = await inner.open(...args);
      const close = handle.close.bind(handle);
      handle.close = () => (closed = close());
      return handle;
    },
  };
  const gym = openClient(url, { persistence, ...options });
  const leave = async () => {
    gym.close();
    await withTimeout(closed!, "the page to be closed");
  };
  return { gym, leave };
}

export const waitUntilRestored = (gym: Gym) => waitForClient(gym, () => gym.connection().ready, "the persisted rows");
