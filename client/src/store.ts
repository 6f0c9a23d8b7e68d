// The displayed rows: the server state, with the pending writes applied in order.
//
// An ack removes its write. The server sends the changes of a write before its ack, so removal is exact for accepted
// and for rejected writes.

import { equal } from "./equal.ts";
import { createKeys, type Keys } from "./keys.ts";
import { createListeners } from "./listeners.ts";
import type { CollectionSchema, Embed, Key, Pending, Row, Token } from "./model.ts";
import { matches, patch, placeholder, type FindRow } from "./optimistic.ts";
import { isTemporary } from "./pending.ts";
import { createTable, type Table } from "./table.ts";

// The first version of a row if the server counts versions. If it does not count, versions have no order.
const FIRST_VERSION = 1;

export type Store = ReturnType<typeof createStore>;

export interface CollectionState extends Table, Omit<Keys, "compare"> {
  nests: Record<string, Embed>;
  /** The column of the version. */
  version: string;
  /** The highest known row id. Rows whose key is no number are counted instead, in the order of their arrival. */
  top: number;
  /** Pending writes by row, oldest first. */
  writes: Map<Token, Pending[]>;
  /** Pending creates whose key the database completes. */
  creates: Pending[];
  /** New rows that arrived while creates were pending, with their ids or numbers. */
  recent: Map<Token, [at: number, row: Row]>;
  /** Created rows as in their acks, by the keys of their placeholders and by their own. */
  created: Map<Token, Row>;
  /** Whether the database has changed the content of a created row. A trigger may do so again. */
  rewrites: boolean;
}

/** In listeners and sets, a row of any collection. */
export const address = (collection: string, id: Token | undefined) => `${collection}\0${id}`;

/** `isActive` decides whether a pending write is displayed. */
export function createStore(schema: Record<string, CollectionSchema>, isActive: (p: Pending) => boolean) {
  const listeners = createListeners();
  const states = new Map<string, CollectionState>();
  // The database's values in place of temporary ones, by these as text, as forms send them. Before the ack a value stands
  // for itself.
  const real = new Map<string, unknown>();
  for (const [name, collection] of Object.entries(schema)) {
    const keys = createKeys(collection);
    states.set(name, {
      version: "version",
      ...collection,
      ...keys,
      ...createTable(keys, (id, base) => display(collectionState(name), id, base)),
      ...{ top: 0, creates: [], writes: new Map(), recent: new Map(), created: new Map(), rewrites: false },
    });
  }

  const collectionState = (collection: string) => states.get(collection)!;
  const token = (collection: string, key: Row | Key) => collectionState(collection).token(key);

  const replace = (value: unknown) => real.get(`${value}`) ?? value;

  /** The key of a row without temporary values, as far as they are known from acks. */
  function current({ join, split, created, token }: CollectionState, id: Token): Token {
    const now = join(split(id).map(replace));
    const row = created.get(now);
    return row ? token(row) : now;
  }

  /** Likewise; before the ack of a create, the key of the row that is taken for it. */
  function resolve(state: CollectionState, id: Token): Token {
    const now = current(state, id);
    return state.writes.get(now)?.[0]!.match ?? now;
  }

  const find: FindRow = (collection, from, by) => {
    const state = states.get(collection);
    if (!state) return undefined;
    const key = Object.fromEntries(state.columns.map((column, n) => [column, from[by ? by[n]! : column]]));
    return state.row(resolve(state, state.token(key))) ?? (by ? key : from);
  };

  function writesTo({ writes, creates }: CollectionState, id: Token): Pending[] {
    const own = writes.get(id) ?? [];
    const match = creates.find((p) => p.match === id);
    return match ? [...writes.get(match.id)!, ...own].sort(inOrder) : own;
  }

  function display(state: CollectionState, id: Token, shown: Row | undefined): Row | undefined {
    for (const p of writesTo(state, id)) {
      if (!p.optimistic || !isActive(p)) continue;
      if (p.kind === "delete") shown = undefined;
      else if (p.kind === "update") shown &&= patch(shown, p.values, state, find);
      else if (p.id === id && p.match === undefined) shown ??= placeholder(id, p.values, state.base.values().next().value, state, find);
    }
    return shown;
  }

  function changed(collection: string, id: Token): void {
    const mark = (name: string, id: Token) => {
      collectionState(name).mark(id);
      listeners.mark(name, address(name, id));
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
    const state = collectionState(collection);
    const { creates, recent, rewrites, version } = state;
    const mark = () => {
      for (const { id, match } of creates) if (match !== undefined) for (const one of [id, match]) changed(collection, one);
    };
    mark();
    for (const p of creates) p.match = undefined;
    for (const [id, [at, row]] of recent) {
      const candidates = creates.filter((p) => p.sent && p.match === undefined && at > p.after);
      // A row matches one create, the oldest with its content: the server carries them out in order. A row that matches
      // none may have been changed since, unless it has the first version; then it may stand for any.
      const exact = candidates.find((p) => matches(row, p.values, state));
      const all = exact ? [exact] : row[version] === FIRST_VERSION && !rewrites ? [] : candidates;
      for (const p of all) p.match = id;
    }
    mark();
  }

  return {
    listeners,
    collectionState,
    changed,
    match,
    find,
    current,
    replace,
    /** Whether a value stands for one that the database will not make. */
    isGone: (value: unknown) => isTemporary(value) && !real.has(`${value}`),
    /** Of a key as the public functions take it. */
    locate: (collection: string, key: Key) => resolve(collectionState(collection), token(collection, key)),
    token,
    pending: (collection: string, id: Token) => writesTo(collectionState(collection), id)[0]?.kind,

    /** Replaces a row of the server state; false if nothing has changed. */
    put(collection: string, row: Row): boolean {
      const state = collectionState(collection);
      const id = state.token(row);
      const before = state.base.get(id);
      if (equal(before, row)) return false;
      state.base.set(id, row);
      if (!before) {
        const at = typeof id === "number" ? id : state.top + 1;
        state.top = Math.max(state.top, at);
        // A row with writes of its own is none that a placeholder stands for.
        if (state.creates.length && !state.writes.has(id)) state.recent.set(id, [at, row]);
      }
      changed(collection, id);
      return true;
    },

    add(p: Pending): void {
      const { collection, id } = p;
      const state = collectionState(collection);
      const { creates, base, recent } = state;
      state.writes.set(id, [...(state.writes.get(id) ?? []), p].sort(inOrder));
      const madeUp = p.kind === "create" ? state.madeUp(id, p.values) : [];
      for (const [part] of madeUp) real.set(`${part}`, part);
      if (madeUp[0]) {
        state.creates = [...creates, p].sort(inOrder);
        // A create of an earlier page: its row may have arrived already. Other keys than numbers do not tell.
        if (p.sent) {
          if (typeof id !== "number") p.after = state.top;
          else for (const [id, row] of base) if ((id as number) > p.after) recent.set(id, [id as number, row]);
          match(collection);
        }
      }
      changed(collection, resolve(state, id));
    },

    /** Removes a write; a create that is acked with its row, or null if it was refused. */
    remove(p: Pending, row?: Row | null): void {
      const { collection, id } = p;
      const state = collectionState(collection);
      const { writes, creates, recent, created } = state;
      changed(collection, resolve(state, id));
      const left = writes.get(id)!.filter((one) => one !== p);
      if (left.length) writes.set(id, left);
      else writes.delete(id);
      if (p.kind === "create") {
        state.creates = creates.filter((one) => one !== p);
        if (row !== undefined) {
          for (const [part, column] of state.madeUp(id, p.values)) row ? real.set(`${part}`, row[column]) : real.delete(`${part}`);
        }
        if (row) {
          const own = state.token(row);
          created.set(id, row).set(own, row);
          state.rewrites ||= row[state.version] === FIRST_VERSION && !matches(row, p.values, state);
          recent.delete(own);
          changed(collection, own);
        }
        if (!state.creates.length) recent.clear();
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
