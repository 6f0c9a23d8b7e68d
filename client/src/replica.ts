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
  let incoming: { rows: Map<string, Row[] | undefined>; cursor?: string | undefined; after: (() => void)[] } | undefined;
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
      on.rows.set(name, rows);
      on.cursor = cursor ?? on.cursor ?? replica.cursor;
      if (replica.expected.every((name) => received.has(name))) settle(true);
    },

    part({ n, of, collection, rows, cursor, withheld = [] }: SnapshotPart): void {
      // The first part replaces a snapshot that was interrupted.
      if (n < 2) begin().rows.clear();
      // Of a snapshot that was cleared meanwhile.
      if (!incoming) return;
      const all = incoming.rows;
      if (!all.get(collection)) all.set(collection, []);
      all.get(collection)!.push(...rows);
      if (n < of) return;
      for (const one of withheld) all.set(one.collection, undefined);
      incoming.cursor = cursor;
      settle(true);
    },

    /** A change as the server sends it, or a persisted one with its cursor. */
    changes(difference: Difference, cursor = (difference as { cursor?: any }).cursor): void {
      settle();
      received.clear();
      apply((name) => (Object.hasOwn(difference, name) ? difference[name] : undefined), cursor);
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
      for (const name of names) begin().rows.set(name, []);
      settle();
      replica.ready = false;
      replica.cursor = undefined;
    },
  };

  function begin(): NonNullable<typeof incoming> {
    if (!incoming) onStale();
    return (incoming ??= { rows: new Map(), after: [] });
  }

  function settle(last?: boolean): void {
    if (!incoming) return;
    const { rows, cursor, after } = incoming;
    incoming = undefined;
    const all = (name: string) => {
      if (!rows.has(name)) return undefined;
      const upserted = rows.get(name) ?? [];
      withheld[rows.get(name) ? "delete" : "add"](name);
      const { base, token, key } = store.collectionState(name);
      const present = new Set(upserted.map(token));
      return { upserted, deleted: [...base.keys()].filter((id) => !present.has(id)).map(key) };
    };
    apply(all, cursor, last);
    for (const work of after) work();
  }

  function apply(difference: (name: string) => Difference[string] | undefined, cursor: string | undefined, last?: boolean): void {
    // Without the collections that this client does not know.
    const known = names.flatMap((name) => {
      const change = difference(name);
      if (!change) return [];
      const { base, token, version } = store.collectionState(name);
      for (const id of change.deleted.map(token)) if (base.delete(id)) store.changed(name, id);
      for (const row of change.upserted) {
        const before = base.get(token(row));
        if (store.put(name, row) && replica.ready && row[version] !== before?.[version]) onRowChanged(name, row, before);
      }
      store.match(name);
      return [[name, change] as const];
    });
    replica.cursor = cursor;
    replica.ready ||= !!last;
    onApplied(Object.fromEntries(known));
  }

  return replica;
}
