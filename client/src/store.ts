// What is shown: the rows as the server told them, and over them, in order, our writes that it has not answered.
//
// An ack takes its write away. The server tells what a write changed before it acks it, so that is exact, whether the
// write was carried out or refused.

import { fits, patch, standIn, type Look } from "./effects.ts";
import { equal } from "./equal.ts";
import { createListeners, get } from "./listeners.ts";
import type { Pending, Row, WriteKind } from "./pending.ts";
import { createTable, type Table } from "./table.ts";
import type { CollectionSchema, Nest } from "./types.ts";

export type Store = ReturnType<typeof createStore>;

interface Part {
  table: Table;
  nests: Record<string, Nest>;
  /** Our writes by the id that they name, oldest first. */
  writes: Map<number, Pending[]>;
  creates: Pending[];
  /** Rows that came while there were creates, and the creates that they are taken for. */
  met: Map<number, Row>;
  matched: Map<number, Pending>;
  /** Real ids, and the temporary ones that they had. */
  temporary: Map<number, number>;
}

/** `belongs` says whose writes are shown. */
export function createStore(schema: Record<string, CollectionSchema>, belongs: (p: Pending) => boolean) {
  const listeners = createListeners();
  const parts = new Map<string, Part>();
  // Temporary ids, and the real ones that they have become or are taken for.
  const known = new Map<number, number>();
  const guessed = new Map<number, number>();
  for (const [name, { nests }] of Object.entries(schema)) {
    const table = createTable((id, base) => show(name, id, base));
    const maps = { writes: new Map(), met: new Map(), matched: new Map(), temporary: new Map() };
    parts.set(name, { table, nests, creates: [], ...maps });
  }

  function part(collection: string): Part {
    const found = parts.get(collection);
    if (!found) throw new Error(`there is no collection ${collection}`);
    return found;
  }

  const resolve = (id: number) => known.get(id) ?? guessed.get(id) ?? id;
  const row: Look = (collection, id) => part(collection).table.row(resolve(id));

  function on({ writes, matched }: Part, id: number): Pending[] {
    const [own, match] = [writes.get(id) ?? [], matched.get(id)];
    return match ? [...writes.get(match.kept.id)!, ...own].sort(inOrder) : own;
  }

  function show(collection: string, id: number, base: Row | undefined): Row | undefined {
    const of = part(collection);
    let shown = base;
    for (const p of on(of, id)) {
      const { kind, values, optimistic } = p.kept;
      if (!optimistic || !belongs(p)) continue;
      if (kind === "delete") shown = undefined;
      else if (kind === "update") shown &&= patch(shown, values, of.nests, row);
      else if (p.kept.id === id && !p.match) {
        const like: Row | undefined = of.table.base.values().next().value;
        shown = standIn(id, values, like, of.nests, row);
      }
    }
    return shown;
  }

  function changed(collection: string, id: number): void {
    mark(collection, id);
    // What our own writes show of this row.
    for (const [name, { nests, writes }] of parts) {
      if (!writes.size || !Object.values(nests).some((nest) => nest.collection === collection)) continue;
      for (const named of writes.keys()) mark(name, resolve(named));
    }
  }

  function mark(collection: string, id: number): void {
    const { table, temporary, matched } = part(collection);
    table.mark(id);
    // Whoever asked for a row that was being created means the one that came of it.
    const before = temporary.get(id) ?? matched.get(id)?.kept.id;
    listeners.mark(collection, ...[id, before ?? id].map((id) => `${collection} ${id}`));
  }

  // Each row stands for one write, and the older write comes first: the server makes them in that order.
  function guess(of: Part, row: Row): void {
    const may = (p: Pending) => p.sent && !p.match && row.id > p.kept.after && fits(row, p.kept.values, of.nests);
    const p = of.creates.find(may);
    if (!p) return;
    p.match = row.id;
    of.matched.set(row.id, p);
    guessed.set(p.kept.id, row.id);
    for (const id of [row.id, p.kept.id]) changed(p.kept.collection, id);
  }

  return {
    listeners,
    row,
    resolve,
    changed,
    table: (collection: string) => part(collection).table,
    nests: (collection: string) => part(collection).nests,
    writes: (collection: string, id: number) => part(collection).writes.get(id) ?? [],
    /** The id that the server gave, if the ack has told. */
    known: (id: number) => known.get(id) ?? id,
    /** Whether a row is taken for one of ours. */
    ours: (collection: string, id: number) => part(collection).matched.has(id),

    pending(collection: string, id: number): WriteKind | undefined {
      const kinds = on(part(collection), resolve(id)).map((p) => p.kept.kind);
      return (["delete", "create", "update"] as const).find((kind) => kinds.includes(kind));
    },

    /** Takes over what the server says of a row; false if it says nothing new. */
    put(collection: string, row: Row): boolean {
      const of = part(collection);
      const { base } = of.table;
      const before = base.get(row.id);
      if (equal(before, row)) return false;
      base.set(row.id, row);
      of.table.top = Math.max(of.table.top, row.id);
      if (!before && of.creates.length) {
        of.met.set(row.id, row);
        guess(of, row);
      }
      changed(collection, row.id);
      return true;
    },

    drop(collection: string, id: number): void {
      if (part(collection).table.base.delete(id)) changed(collection, id);
    },

    add(p: Pending): void {
      const { collection, id, kind, after } = p.kept;
      const of = part(collection);
      insert(get(of.writes, id, () => []), p);
      if (kind === "create") {
        insert(of.creates, p);
        // Of an earlier page, so its row may have come already.
        for (const row of p.sent ? of.table.base.values() : []) {
          if (row.id <= after || of.matched.has(row.id)) continue;
          of.met.set(row.id, row);
          guess(of, row);
        }
      }
      changed(collection, resolve(id));
    },

    /** Takes a write away; a create with the id that it was given, if it was. */
    remove(p: Pending, real = 0): void {
      const { collection, id, kind } = p.kept;
      const of = part(collection);
      const { writes, creates, met, matched } = of;
      const left = (writes.get(id) ?? []).filter((one) => one !== p);
      if (left.length) writes.set(id, left);
      else writes.delete(id);
      changed(collection, id);
      changed(collection, resolve(id));
      if (kind !== "create") return;

      creates.splice(creates.indexOf(p), 1);
      matched.delete(p.match);
      guessed.delete(id);
      if (real) {
        known.set(id, real);
        of.temporary.set(real, id);
        met.delete(real);
        changed(collection, real);
      }
      // Something else was taken for this one, or this one for something else.
      if (p.match !== real && (p.match || matched.has(real))) {
        for (const [id, other] of matched) {
          other.match = 0;
          guessed.delete(other.kept.id);
          for (const one of [id, other.kept.id]) changed(collection, one);
        }
        matched.clear();
        for (const row of met.values()) guess(of, row);
      }
      if (!creates.length) met.clear();
    },

    /** All of it: somebody else is signed in, say. */
    changedAll(): void {
      for (const [collection, { table, writes }] of parts) {
        for (const id of [...table.base.keys(), ...writes.keys()]) changed(collection, id);
      }
    },
  };
}

function insert(list: Pending[], p: Pending): void {
  // Nearly always the newest.
  const newest = list.at(-1);
  list.push(p);
  if (newest && inOrder(newest, p) > 0) list.sort(inOrder);
}

const inOrder = (one: Pending, other: Pending) => one.kept.seq - other.kept.seq;
