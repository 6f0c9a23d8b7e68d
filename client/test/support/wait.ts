// Waiting for a condition of a client.

import type { Client } from "../../src/index.ts";
import { withTimeout } from "../../../tests/support/index.js";

export { withTimeout };

/** Resolves once the condition holds; checks it after each change. */
export function waitForClient(client: Pick<Client<any, any>, "subscribe">, holds: () => unknown, what: string): Promise<void> {
  let end = () => {};
  const held = new Promise<void>((resolve) => {
    const check = () => holds() && resolve();
    end = client.subscribe(check);
    check();
  });
  return withTimeout(held, what).finally(() => end());
}

export const waitUntilLive = (client: Client<any, any>) =>
  waitForClient(client, () => client.connection().state === "live" && client.connection().ready, "the connection to be live");
