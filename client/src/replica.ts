// The server state on the client. A change is applied as a whole; the first snapshot, which arrives in parts or as one
// event per collection, is applied with its last piece.
//
// A snapshot whose connection ends before that is dropped: the previous state and its cursor remain.

import type { Difference, Row } from "./model.ts";
import type { Store } from "./store.ts";

/** Payload of the event `part`. The last one has the cursor and names the withheld collections. */
export interface SnapshotPart {
  n: number;
  of: number;
  collection: string;
  rows: Row[];
  cursor?: string;
  withheld?: { collection: string }[];
}

export interface ReplicaEvents {
  /** A row has another version than before; `before` is undefined for a new row. */
  onRowChanged(collection: string, row: Row, before: Row | undefined): void;
  /** The replica is up to date. */
  onApplied(difference: Difference): void;
  /** A snapshot has begun to arrive, so the replica is out of date. */
  onStale(): void;
}

export function createReplica(store: Store, names: string[], { onRowChanged, onApplied, onStale }: ReplicaEvents) {
  // The snapshot that is arriving: all rows by collection, undefined if withheld, and work for after that.
  let incoming: { rows: Record<string, Row[] | undefined>; cursor?: string | undefined; after: (() => void)[] } | undefined;
  // The collections of the current series of snapshot events that have arrived, applied or not.
  const received = new Set<string>();
  // The collections that are too large for the server to send.
  const withheld = new Set<string>();

  const replica = {
    /** Undefined while the rows that it stands for are missing. */
    cursor: undefined as string | undefined,
    ready: false,
    /** The collections that a snapshot has; a server that was built for other types may omit one. */
    expected: names,

    /** All rows of a collection, or undefined if it is withheld. */
    snapshot(name: string, rows?: Row[], cursor?: string): void {
      if (received.has(name)) received.clear();
      received.add(name);
      const on = begin();
      on.rows[name] = rows;
      on.cursor = cursor ?? on.cursor ?? replica.cursor;
      if (replica.expected.every((name) => received.has(name))) settle(true);
    },

    part({ n, of, collection, rows, cursor, withheld = [] }: SnapshotPart): void {
      // The first part replaces a snapshot that was interrupted.
      if (n < 2) begin().rows = {};
      // Of a snapshot that was cleared meanwhile.
      if (!incoming) return;
      (incoming.rows[collection] ??= []).push(...rows);
      if (n < of) return;
      for (const one of withheld) incoming.rows[one.collection] = undefined;
      incoming.cursor = cursor;
      settle(true);
    },

    /** A change as the server sends it, or a persisted one with its cursor. */
    changes(difference: Difference, cursor = (difference as { cursor?: any }).cursor): void {
      settle();
      received.clear();
      apply(difference, cursor);
    },

    withheld,

    /** Does the work at once, or after the snapshot that is arriving has been applied. */
    defer: (work: () => void) => (incoming ? void incoming.after.push(work) : work()),

    /** Drops an incomplete snapshot. */
    drop(): void {
      incoming = undefined;
      received.clear();
    },

    clear(): void {
      for (const name of names) begin().rows[name] = [];
      settle();
      replica.ready = false;
      replica.cursor = undefined;
    },
  };

  function begin() {
    if (!incoming) onStale();
    return (incoming ??= { rows: {}, after: [] });
  }

  function settle(last?: boolean): void {
    if (!incoming) return;
    const { rows, cursor, after } = incoming;
    incoming = undefined;
    const difference: Difference = {};
    for (const name of names) {
      if (!(name in rows)) continue;
      const upserted = rows[name] ?? [];
      withheld[rows[name] ? "delete" : "add"](name);
      const present = new Set(upserted.map((row) => row.id));
      difference[name] = { upserted, deleted: [...store.collectionState(name).base.keys()].filter((id) => !present.has(id)) };
    }
    apply(difference, cursor, last);
    for (const work of after) work();
  }

  function apply(difference: Difference, cursor: string | undefined, last?: boolean): void {
    // Without the keys that this client does not know.
    const known: Difference = {};
    for (const name of names) {
      if (!difference[name]) continue;
      const { upserted, deleted } = (known[name] = difference[name]);
      const { base } = store.collectionState(name);
      for (const id of deleted) if (base.delete(id)) store.changed(name, id);
      for (const row of upserted) {
        const before = base.get(row.id);
        if (store.put(name, row) && replica.ready && row.version !== before?.version) onRowChanged(name, row, before);
      }
      store.match(name);
    }
    replica.cursor = cursor;
    replica.ready ||= !!last;
    onApplied(known);
  }

  return replica;
}
