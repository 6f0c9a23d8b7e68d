// What the server tells of its rows, taken over whole: a change with all that belongs to it, and the first picture, which
// comes in parts or as a snapshot of each collection, once its last piece is there.
//
// A picture whose connection ends before that is dropped: the one before it, and its cursor, still stand.

import type { Row } from "./pending.ts";
import type { Store } from "./store.ts";

/** What a change did: rows as they are now, and ids that are gone. */
export type Difference = Record<string, { upserted: Row[]; deleted: number[] }>;

/** A piece of the first picture; the last one has the cursor, and names the collections that are not sent. */
export interface Piece {
  n: number;
  of: number;
  collection: string;
  rows: Row[];
  cursor?: string;
  withheld?: { collection: string }[];
}

export interface Told {
  /** A row has another version than the one that we had, if we had it. */
  news(collection: string, row: Row, before: Row | undefined): void;
  /** The picture is what the server had a moment ago. */
  took(difference: Difference): void;
  /** It is not, for as long as another one is on its way. */
  stale(): void;
}

export function createPicture(store: Store, names: string[], { news, took, stale }: Told) {
  // A picture that is on its way: all rows of these collections, or none where they are withheld, and what is to be done
  // once it is shown.
  let waiting: { rows: Record<string, Row[] | undefined>; cursor?: string | undefined; due: (() => void)[] } | undefined;
  // Which snapshots of one series have come, shown or not.
  const come = new Set<string>();
  // Which collections are too large for the server to send.
  const withheld = new Set<string>();

  const picture = {
    /** Up to where we have everything; only there while we have the rows that it stands for. */
    cursor: undefined as string | undefined,
    ready: false,
    /** Of which collections a picture has snapshots; a server that was built for other types may leave one out. */
    expected: names,

    /** All rows of a collection, or none where the server does not send it. */
    snapshot(name: string, rows?: Row[], cursor?: string): void {
      if (come.has(name)) come.clear();
      come.add(name);
      const on = begin();
      on.rows[name] = rows;
      on.cursor = cursor ?? on.cursor ?? picture.cursor;
      if (picture.expected.every((name) => come.has(name))) settle(true);
    },

    part({ n, of, collection, rows, cursor, withheld = [] }: Piece): void {
      // Another picture takes the place of one that was broken off.
      if (n < 2) begin().rows = {};
      // Of a picture that was wiped meanwhile.
      if (!waiting) return;
      (waiting.rows[collection] ??= []).push(...rows);
      if (n < of) return;
      for (const one of withheld) waiting.rows[one.collection] = undefined;
      waiting.cursor = cursor;
      settle(true);
    },

    /** A change as the server sends it, or as it was kept with a cursor of its own. */
    changes(difference: Difference, cursor = (difference as { cursor?: any }).cursor): void {
      settle();
      come.clear();
      apply(difference, cursor);
    },

    withheld: () => [...withheld],

    /** Does it at once, or when the picture is shown that is on its way. */
    whenShown: (work: () => void) => (waiting ? void waiting.due.push(work) : work()),

    /** Forgets what has come of a picture. */
    drop(): void {
      waiting = undefined;
      come.clear();
    },

    wipe(): void {
      for (const name of names) begin().rows[name] = [];
      settle();
      picture.ready = false;
      picture.cursor = undefined;
    },
  };

  function begin() {
    if (!waiting) stale();
    return (waiting ??= { rows: {}, due: [] });
  }

  function settle(last = false): void {
    if (!waiting) return;
    const { rows, cursor, due } = waiting;
    waiting = undefined;
    const difference: Difference = {};
    for (const name of names) {
      if (!(name in rows)) continue;
      const upserted = rows[name] ?? [];
      withheld[rows[name] ? "delete" : "add"](name);
      const present = new Set(upserted.map((row) => row.id));
      difference[name] = { upserted, deleted: [...store.part(name).base.keys()].filter((id) => !present.has(id)) };
    }
    apply(difference, cursor, last);
    for (const work of due) work();
  }

  function apply(difference: Difference, cursor: string | undefined, last = false): void {
    // Whatever else the message may have come to say is not for this client.
    const known: Difference = {};
    for (const name of names) {
      if (!difference[name]) continue;
      const { upserted, deleted } = (known[name] = difference[name]);
      const { base } = store.part(name);
      for (const id of deleted) if (base.delete(id)) store.changed(name, id);
      for (const row of upserted) {
        const before = base.get(row.id);
        if (store.put(name, row) && picture.ready && row.version !== before?.version) news(name, row, before);
      }
      store.match(name);
    }
    picture.cursor = cursor;
    picture.ready ||= last;
    took(known);
  }

  return picture;
}
