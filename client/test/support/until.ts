// Waits for what is to happen, not for time to pass.

import type { Client } from "../../src/index.ts";

const PATIENCE = 30_000;

/** Resolves once it holds; looks again whenever the client tells of anything. */
export function until(client: Pick<Client<any, any>, "subscribe">, holds: () => unknown, what: string): Promise<void> {
  let end = () => {};
  const held = new Promise<void>((resolve) => {
    const look = () => holds() && resolve();
    end = client.subscribe(look);
    look();
  });
  return within(held, what).finally(() => end());
}

export function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export const live = (client: Client<any, any>) =>
  until(client, () => client.connection().state === "live" && client.connection().ready, "the picture");
