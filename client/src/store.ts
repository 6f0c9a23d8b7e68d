// The displayed rows: the server state, with the pending writes applied in order.
//
// An ack removes its write. The server sends the changes of a write before its ack, so removal is exact for accepted
// and for rejected writes.

import { equal } from "./equal.ts";
import { createListeners } from "./listeners.ts";
import type { BaseRow, CollectionSchema, Embed, Pending, Row } from "./model.ts";
import { matches, patch, placeholder, type FindRow } from "./optimistic.ts";
import { createTable, type Table } from "./table.ts";

// The first version of a row if the server counts versions. If it does not count, versions have no order.
const FIRST_VERSION = 1;

export type Store = ReturnType<typeof createStore>;

export interface CollectionState extends Table {
  nests: Record<string, Embed>;
  /** The highest known row id. */
  top: number;
  /** Pending writes by row id, oldest first. */
  writes: Map<number, Pending[]>;
  creates: Pending[];
  /** New rows that arrived while creates were pending. */
  recent: Map<number, Row>;
  /** Whether the database has changed the content of a created row. A trigger may do so again. */
  rewrites: boolean;
}

/** `isActive` decides whether a pending write is displayed. */
export function createStore(schema: Record<string, CollectionSchema>, isActive: (p: Pending) => boolean) {
  const listeners = createListeners();
  const states = new Map<string, CollectionState>();
  // Created rows by temporary id, as in their acks.
  const created = new Map<number, BaseRow>();
  for (const [name, { nests }] of Object.entries(schema)) {
    const table = createTable((id, base) => display(collectionState(name), id, base));
    states.set(name, { ...table, nests, top: 0, creates: [], writes: new Map(), recent: new Map(), rewrites: false });
  }

  const collectionState = (collection: string) => states.get(collection)!;

  /** The real id of a created row; before the ack, the id of the row that is taken for it. */
  const resolve = (state: CollectionState, id: number) => created.get(id)?.id ?? (state.writes.get(id)?.[0]!.match || id);

  const row: FindRow = (collection, id) => {
    const state = collectionState(collection);
    return state.row(resolve(state, id));
  };

  function writesTo({ writes, creates }: CollectionState, id: number): Pending[] {
    const own = writes.get(id) ?? [];
    const match = creates.find((p) => p.match === id);
    return match ? [...writes.get(match.id)!, ...own].sort(inOrder) : own;
  }

  function display(state: CollectionState, id: number, shown: Row | undefined): Row | undefined {
    for (const p of writesTo(state, id)) {
      if (!p.optimistic || !isActive(p)) continue;
      if (p.kind === "delete") shown = undefined;
      else if (p.kind === "update") shown &&= patch(shown, p.values, state.nests, row);
      else if (p.id === id && !p.match) shown = placeholder(id, p.values, state.base.values().next().value, state.nests, row);
    }
    return shown;
  }

  function changed(collection: string, id: number): void {
    const mark = (name: string, id: number) => {
      collectionState(name).mark(id);
      listeners.mark(name, name + " " + id);
    };
    mark(collection, id);
    // Rows with pending writes may embed this one.
    for (const [name, state] of states) {
      if (!state.writes.size || !Object.values(state.nests).some((embed) => embed.collection === collection)) continue;
      for (const id of state.writes.keys()) mark(name, resolve(state, id));
    }
  }

  /** Matches the rows that have arrived to pending creates. */
  function match(collection: string): void {
    const { creates, recent, nests, rewrites } = collectionState(collection);
    const mark = () => {
      for (const { id, match } of creates) if (match) for (const one of [id, match]) changed(collection, one);
    };
    mark();
    for (const p of creates) p.match = 0;
    for (const [id, row] of recent) {
      const candidates = creates.filter((p) => p.sent && !p.match && id > p.after);
      // A row matches one create, the oldest with its content: the server carries them out in order. A row that matches
      // none may have been changed since, unless it has the first version; then it may stand for any.
      const exact = candidates.find((p) => matches(row, p.values, nests));
      const all = exact ? [exact] : row.version === FIRST_VERSION && !rewrites ? [] : candidates;
      for (const p of all) p.match = id;
    }
    mark();
  }

  return {
    listeners,
    collectionState,
    row,
    changed,
    match,
    /** Created rows by temporary id. */
    created: created as ReadonlyMap<number, BaseRow>,
    pending: (collection: string, id: number) => {
      const state = collectionState(collection);
      return writesTo(state, resolve(state, id))[0]?.kind;
    },

    /** Replaces a row of the server state; false if nothing has changed. */
    put(collection: string, row: Row): boolean {
      const state = collectionState(collection);
      const before = state.base.get(row.id);
      if (equal(before, row)) return false;
      state.base.set(row.id, row);
      state.top = Math.max(state.top, row.id);
      if (!before && state.creates.length) state.recent.set(row.id, row);
      changed(collection, row.id);
      return true;
    },

    add(p: Pending): void {
      const { collection, id } = p;
      const state = collectionState(collection);
      state.writes.set(id, [...(state.writes.get(id) ?? []), p].sort(inOrder));
      if (p.kind === "create") {
        state.creates.push(p);
        state.creates.sort(inOrder);
        // A create of an earlier page: its row may have arrived already.
        if (p.sent) {
          for (const [id, row] of state.base) if (id > p.after) state.recent.set(id, row);
          match(collection);
        }
      }
      changed(collection, resolve(state, id));
    },

    /** Removes a write; a successful create with its row. */
    remove(p: Pending, real?: Row): void {
      const { collection, id } = p;
      const state = collectionState(collection);
      changed(collection, resolve(state, id));
      const left = state.writes.get(id)!.filter((one) => one !== p);
      if (left.length) state.writes.set(id, left);
      else state.writes.delete(id);
      if (p.kind === "create") {
        state.creates.splice(state.creates.indexOf(p), 1);
        if (real) {
          created.set(id, real);
          state.rewrites ||= real.version === FIRST_VERSION && !matches(real, p.values, state.nests);
          state.recent.delete(real.id);
          changed(collection, real.id);
        }
        if (!state.creates.length) state.recent.clear();
        match(collection);
      }
      changed(collection, id);
    },

    /** Marks all rows, for example after another user has signed in. */
    changedAll(): void {
      for (const [name, { base, writes }] of states) for (const id of [...base.keys(), ...writes.keys()]) changed(name, id);
    },
  };
}

export const inOrder = (one: Pending, other: Pending) => one.seq - other.seq;
