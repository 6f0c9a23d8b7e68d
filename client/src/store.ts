// What is shown: the rows as the server told them, and over them, in order, our writes that it has not answered.
//
// An ack takes its write away. The server tells what a write changed before it acks it, so that is exact, whether the
// write was carried out or refused.

import { fits, patch, standIn, type Look } from "./effects.ts";
import { equal } from "./equal.ts";
import { createListeners } from "./listeners.ts";
import type { Pending, Row } from "./pending.ts";
import { createTable, type Table } from "./table.ts";
import type { CollectionSchema, Identified, Nest } from "./types.ts";

// What a server that counts begins with. Where it does not count, every version is another one.
const FIRST = 1;

export type Store = ReturnType<typeof createStore>;

export interface Part extends Table {
  nests: Record<string, Nest>;
  /** No row that we know of had a higher id. */
  top: number;
  /** Our writes by the id that they name, oldest first. */
  writes: Map<number, Pending[]>;
  creates: Pending[];
  /** Rows that came while there were creates. */
  met: Map<number, Row>;
  /** Whether the database has made something else of a create than was sent: a trigger may do so again. */
  rewrites: boolean;
}

/** `belongs` says whose writes are shown. */
export function createStore(schema: Record<string, CollectionSchema>, belongs: (p: Pending) => boolean) {
  const listeners = createListeners();
  const parts = new Map<string, Part>();
  // Temporary ids, and what the server first made of them.
  const known = new Map<number, Identified>();
  for (const [name, { nests }] of Object.entries(schema)) {
    const table = createTable((id, base) => show(part(name), id, base));
    parts.set(name, { ...table, nests, top: 0, creates: [], writes: new Map(), met: new Map(), rewrites: false });
  }

  const part = (collection: string) => parts.get(collection)!;

  /** The id that the server gave; what is taken for it until it has. */
  const resolve = (of: Part, id: number) => known.get(id)?.id ?? (of.writes.get(id)?.[0]!.match || id);

  const row: Look = (collection, id) => {
    const of = part(collection);
    return of.row(resolve(of, id));
  };

  function on({ writes, creates }: Part, id: number): Pending[] {
    const own = writes.get(id) ?? [];
    const match = creates.find((p) => p.match === id);
    return match ? [...writes.get(match.id)!, ...own].sort(inOrder) : own;
  }

  function show(of: Part, id: number, shown: Row | undefined): Row | undefined {
    for (const p of on(of, id)) {
      if (!p.optimistic || !belongs(p)) continue;
      if (p.kind === "delete") shown = undefined;
      else if (p.kind === "update") shown &&= patch(shown, p.values, of.nests, row);
      else if (p.id === id && !p.match) shown = standIn(id, p.values, of.base.values().next().value, of.nests, row);
    }
    return shown;
  }

  function changed(collection: string, id: number): void {
    const mark = (name: string, id: number) => {
      part(name).mark(id);
      listeners.mark(name, name + " " + id);
    };
    mark(collection, id);
    // What our own writes show of this row.
    for (const [name, of] of parts) {
      if (!of.writes.size || !Object.values(of.nests).some((nest) => nest.collection === collection)) continue;
      for (const named of of.writes.keys()) mark(name, resolve(of, named));
    }
  }

  /** Takes rows that came for what our writes have made. */
  function match(collection: string): void {
    const { creates, met, nests, rewrites } = part(collection);
    const mark = () => {
      for (const { id, match } of creates) if (match) for (const one of [id, match]) changed(collection, one);
    };
    mark();
    for (const p of creates) p.match = 0;
    for (const [id, row] of met) {
      const maybe = creates.filter((p) => p.sent && !p.match && id > p.after);
      // A row stands for one write, the oldest that it fits: the server makes them in that order. One that fits none may have been
      // changed since, unless it has the version that rows begin with; then it may stand for any.
      const one = maybe.find((p) => fits(row, p.values, nests));
      const all = one ? [one] : row.version === FIRST && !rewrites ? [] : maybe;
      for (const p of all) p.match = id;
    }
    mark();
  }

  return {
    listeners,
    part,
    row,
    changed,
    match,
    /** The id that the server gave, and the first version, if the ack has told. */
    known: (id: number) => known.get(id),
    pending: (collection: string, id: number) => {
      const of = part(collection);
      return on(of, resolve(of, id))[0]?.kind;
    },

    /** Takes over what the server says of a row; false if it says nothing new. */
    put(collection: string, row: Row): boolean {
      const of = part(collection);
      const before = of.base.get(row.id);
      if (equal(before, row)) return false;
      of.base.set(row.id, row);
      of.top = Math.max(of.top, row.id);
      if (!before && of.creates.length) of.met.set(row.id, row);
      changed(collection, row.id);
      return true;
    },

    add(p: Pending): void {
      const { collection, id } = p;
      const of = part(collection);
      of.writes.set(id, [...(of.writes.get(id) ?? []), p].sort(inOrder));
      if (p.kind === "create") {
        of.creates.push(p);
        of.creates.sort(inOrder);
        // Of an earlier page, so its row may have come already.
        if (p.sent) {
          for (const [id, row] of of.base) if (id > p.after) of.met.set(id, row);
          match(collection);
        }
      }
      changed(collection, resolve(of, id));
    },

    /** Takes a write away; a create with the row that it has become, if it has. */
    remove(p: Pending, real?: Row): void {
      const { collection, id } = p;
      const of = part(collection);
      changed(collection, resolve(of, id));
      const left = of.writes.get(id)!.filter((one) => one !== p);
      if (left.length) of.writes.set(id, left);
      else of.writes.delete(id);
      if (p.kind === "create") {
        of.creates.splice(of.creates.indexOf(p), 1);
        if (real) {
          known.set(id, real);
          of.rewrites ||= real.version === FIRST && !fits(real, p.values, of.nests);
          of.met.delete(real.id);
          changed(collection, real.id);
        }
        if (!of.creates.length) of.met.clear();
        match(collection);
      }
      changed(collection, id);
    },

    /** All of it: somebody else is signed in, say. */
    changedAll(): void {
      for (const [name, { base, writes }] of parts) for (const id of [...base.keys(), ...writes.keys()]) changed(name, id);
    },
  };
}

export const inOrder = (one: Pending, other: Pending) => one.seq - other.seq;
