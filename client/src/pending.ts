// Ids, retry delays and rejections of pending writes.

import type { WriteAck } from "./model.ts";

export const refusal = (key: string, sentence = key): WriteAck<any> => ({
  ok: false,
  data: null,
  errors: { ["$" + key]: sentence },
});

/** Delay before the next try, in milliseconds: exponential from one second, with jitter between clients. */
export const backoff = (tries: number) => Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);

/**
 * Fills a `Uint8Array` with random bytes, as `crypto.getRandomValues` does; its type differs between versions of
 * TypeScript.
 */
export type Random = (bytes: any) => unknown;

// React Native has no Web Crypto, and its `Math.random` may have few states: the time separates two devices that share
// one.
const random: Random = (bytes) =>
  globalThis.crypto?.getRandomValues?.(bytes) ?? bytes.forEach((_: number, n: number) => (bytes[n] = (Math.random() * 256) ^ (Date.now() >> n)));

/** Version 4, also in pages that are not on https, where browsers have no `randomUUID`. */
export function uuid(fill = random): string {
  const bytes = new Uint8Array(36);
  fill(bytes);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) => (bytes[at]! & 15).toString(16));
}

// Rows have no ids as low as that, and texts in a database do not begin with this character: PostgreSQL stores none.
const LOWEST = 2 ** 52;
const MARK = "\0";

// A page may take over another page's writes, so the ids of two pages must not collide, whatever the device's clock
// says.
let last = LOWEST + Math.floor(Math.random() * 2 ** 51);

/** A number in the key of a placeholder. Newer ones are lower. */
export const temporaryId = () => -++last;
/** A text in the key of a placeholder. */
export const temporaryText = () => MARK + temporaryId();

export const isTemporary = (value: any): boolean =>
  typeof value === "number" ? value < -LOWEST : typeof value === "string" && value[0] === MARK;

/** Makes later temporary ids lower than this one, which another page has made. */
export const reserveTemporaryId = (id: any) => void (isTemporary(id) && (last = Math.max(last, -`${id}`.replace(MARK, ""))));
