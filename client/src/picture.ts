// What the server tells of its rows, taken over whole: a change with all that belongs to it, and the snapshots of one
// connect together.

import type { Row } from "./pending.ts";
import type { Store } from "./store.ts";

/** What a change did: rows as they are now, and ids that are gone. */
export type Difference = Record<string, { upserted: Row[]; deleted: number[] }>;

export interface Told {
  /** A row has another version than the one that we had, if we had it. */
  news(collection: string, row: Row, before: Row | undefined): void;
  took(difference: Difference): void;
}

export function createPicture(store: Store, names: string[], { news, took }: Told) {
  const waiting: Difference = {};
  // Which of a series of snapshots have come; the series goes on over lost connections.
  const come = new Set<string>();
  // Which collections are too large for the server to send.
  const withheld = new Set<string>();
  let next: string | undefined;

  const picture = {
    /** Up to where we have everything; only there while we have the rows that it stands for. */
    cursor: undefined as string | undefined,
    ready: false,
    /** Which snapshots a series has; a server that was built for other types may leave one out. */
    expected: names,

    snapshot(name: string, upserted: Row[], cursor: string): void {
      if (come.has(name)) {
        settle();
        come.clear();
      }
      come.add(name);
      withheld.delete(name);
      const present = new Set(upserted.map((row) => row.id));
      waiting[name] = { upserted, deleted: [...store.part(name).base.keys()].filter((id) => !present.has(id)) };
      next = cursor;
      check();
    },

    /** The server does not send a collection, in the place of its snapshot or from now on: it is shown without rows. */
    withhold(name: string): void {
      if (!names.includes(name)) return;
      withheld.add(name);
      waiting[name] = { upserted: [], deleted: [...store.part(name).base.keys()] };
      next ??= picture.cursor ?? "";
      check();
    },

    withheld: () => [...withheld],

    changes(difference: Difference, cursor: string | undefined): void {
      settle();
      apply(difference, cursor);
    },

    /** Takes over the snapshots that have come so far. */
    settle,

    wipe(): void {
      for (const name of names) picture.snapshot(name, [], "");
      settle();
      come.clear();
      withheld.clear();
      picture.ready = false;
      picture.cursor = undefined;
    },
  };

  function check(): void {
    if (picture.expected.every((name) => come.has(name) || withheld.has(name))) settle(true);
  }

  function settle(last = false): void {
    const difference = { ...waiting };
    for (const name in difference) delete waiting[name];
    if (next !== undefined) apply(difference, next, last);
    next = undefined;
  }

  function apply(difference: Difference, cursor: string | undefined, last = false): void {
    // Whatever else the message may have come to say is not for this client.
    const known: Difference = {};
    for (const name of names) if (difference[name]) known[name] = difference[name];
    for (const [name, { upserted, deleted }] of Object.entries(known)) {
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
