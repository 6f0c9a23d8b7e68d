// Waiting with a limit.

import { setTimeout as pause } from "node:timers/promises";

// In milliseconds; far more than a loaded machine needs.
export const TIMEOUT = 20_000;

export function withTimeout(promise, what, time = TIMEOUT) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out waiting for ${what}`)), time);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Polls a condition that no event announces; returns its first truthy value.
export async function pollUntil(what, condition, { time = TIMEOUT, interval = 25 } = {}) {
  for (const end = Date.now() + time; Date.now() < end; await pause(interval)) {
    const found = await condition();
    if (found) return found;
  }
  throw new Error(`timed out after ${time} ms waiting for ${what}`);
}

// Repeats a check until it no longer throws.
export async function retry(check, what) {
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}: ${error.message}`, { cause: error });
    }
    await pause(40);
  }
}
