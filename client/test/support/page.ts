// A page that keeps what it shows.

import type { ClientOptions } from "../../src/index.ts";
import { indexedDb } from "../../src/indexeddb.ts";
import { open, type Gym } from "./server.ts";
import { until, within } from "./until.ts";

/** A page that can be left: what it has written is on the disk by then. */
export function page(url: string, options: ClientOptions = {}) {
  const inner = indexedDb("gym");
  let closed: Promise<void> | undefined;
  const persistence: typeof inner = {
    async open(...how) {
      const keeper = await inner.open(...how);
      const close = keeper.close.bind(keeper);
      keeper.close = () => (closed = close());
      return keeper;
    },
  };
  const gym = open(url, { persistence, ...options });
  const leave = async () => {
    gym.close();
    await within(closed!, "the page to be left");
  };
  return { gym, leave };
}
export const kept = (gym: Gym) => until(gym, () => gym.connection().ready, "what was kept");
