// A write of ours that the server has not answered.

import type { Identified, WriteAck } from "./types.ts";

export type Row = Identified & Record<string, any>;
export type Fields = Record<string, any>;
export type WriteKind = "create" | "update" | "delete";

/** What of it outlives the page. */
export interface Kept {
  /** In the order that they were made. */
  seq: number;
  kind: WriteKind;
  collection: string;
  /** Of the row; negative for one that the server has not given an id. */
  id: number;
  requestId: string;
  /** What is sent. Once it has been sent it stays as it is, because the server knows a repeat by it. */
  values: Fields;
  optimistic: boolean;
  /** Who made it; null for somebody who was not signed in. */
  owner: number | null;
  /** When it was first sent, by the server's clock, in milliseconds since 1970, if it was. */
  first?: number;
  /** The highest id known before it was first sent: its own row has a higher one. */
  after: number;
}

export interface Pending extends Kept {
  /** Whether it may have reached the server. */
  sent?: boolean;
  /** The connection that it was last sent on. */
  on?: number;
  /** The row that is taken for the one that it makes, until the ack tells. */
  match?: number;
  /** The row that it was made on. */
  base?: Row | undefined;
  /** How often it was answered that it alone must wait, and until when it does, by this page's own clock. */
  tries?: number;
  until?: number;
  settle?(ack: WriteAck<any>): void;
}

export const refusal = (key: string, sentence = key): WriteAck<any> => ({
  ok: false,
  data: null,
  errors: { ["$" + key]: sentence },
});

/** How long to wait before another try, in milliseconds: from a second up, and not all clients at the same time. */
export const backoff = (tries: number) => Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);

/** Fills a `Uint8Array` with random bytes, as `crypto.getRandomValues` does; its type differs between versions of TypeScript. */
export type Random = (bytes: any) => unknown;

// React Native has no Web Crypto, and its `Math.random` may have few states: the time keeps two devices apart that share one.
const random: Random = (bytes) =>
  globalThis.crypto?.getRandomValues?.(bytes) ?? bytes.forEach((_: number, n: number) => (bytes[n] = (Math.random() * 256) ^ (Date.now() >> n)));

/** Version 4, also in pages that are not on https, where browsers have no `randomUUID`. */
export function uuid(fill = random): string {
  const bytes = new Uint8Array(36);
  fill(bytes);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) => (bytes[at]! & 15).toString(16));
}

// Pages may take over each other's writes, so theirs must not meet, whatever the device's clock says.
let last = Math.floor(Math.random() * 2 ** 52);

/** Newer ones are lower. */
export const temporaryId = () => -++last;

/** Those to come are newer than this one, which another page has made. */
export const taken = (id: number) => void (last = Math.max(last, -id));
