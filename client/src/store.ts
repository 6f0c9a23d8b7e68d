// What is shown: the rows as the server told them, and over them, in order, our writes that it has not answered.
//
// An ack takes its write away. The server tells what a write changed before it acks it, so that is exact, whether the
// write was carried out or refused.

import { fits, patch, standIn, type Look } from "./effects.ts";
import { equal } from "./equal.ts";
import { Listeners, get } from "./listeners.ts";
import type { Pending, Row, WriteKind } from "./pending.ts";
import { Table } from "./table.ts";
import type { CollectionSchema } from "./types.ts";

export class Store {
  readonly listeners = new Listeners((id) => this.resolve(id));
  #schema: Record<string, CollectionSchema>;
  #tables = new Map<string, Table>();
  // Our writes by the collection and id that they name, oldest first.
  #writes = new Map<string, Map<number, Pending[]>>();
  // Rows that are taken for what a write of ours has made.
  #matched = new Map<string, Map<number, Pending>>();
  #real = new Map<number, number>();
  /** Whose writes are shown. */
  belongs: (p: Pending) => boolean;

  constructor(schema: Record<string, CollectionSchema>, belongs: (p: Pending) => boolean) {
    this.#schema = schema;
    this.belongs = belongs;
    for (const name of Object.keys(schema)) {
      this.#tables.set(name, new Table((id, base) => this.#show(name, id, base)));
      this.#writes.set(name, new Map());
      this.#matched.set(name, new Map());
    }
  }

  table(collection: string): Table {
    const table = this.#tables.get(collection);
    if (!table) throw new Error(`there is no collection ${collection}`);
    return table;
  }

  nests(collection: string) {
    return this.#schema[collection]!.nests;
  }

  /** The id that the server gave, once it has; what is taken for it until then. */
  resolve(id: number): number {
    if (id > 0) return id;
    const real = this.#real.get(id);
    if (real) return real;
    for (const matched of this.#matched.values()) {
      for (const [match, p] of matched) if (p.id === id) return match;
    }
    return id;
  }

  /** The id that the server gave, if the ack has told. */
  known(id: number): number {
    return this.#real.get(id) ?? id;
  }

  row: Look = (collection, id) => this.table(collection).row(this.resolve(id));

  pending(collection: string, id: number): WriteKind | undefined {
    const kinds = this.#on(collection, this.resolve(id)).map((p) => p.kind);
    return (["delete", "create", "update"] as const).find((kind) => kinds.includes(kind));
  }

  /** Takes over what the server says of a row; false if it says nothing new. */
  put(collection: string, row: Row): boolean {
    const table = this.table(collection);
    const before = table.base.get(row.id);
    if (equal(before, row)) return false;
    table.base.set(row.id, row);
    table.top = Math.max(table.top, row.id);
    if (!before) this.meet(collection, row);
    this.changed(collection, row.id);
    return true;
  }

  drop(collection: string, id: number): boolean {
    if (!this.table(collection).base.delete(id)) return false;
    this.changed(collection, id);
    return true;
  }

  add(p: Pending): void {
    const of = get(this.#writes.get(p.collection)!, p.id, () => []);
    of.push(p);
    of.sort((one, other) => one.seq - other.seq);
    if (p.kind === "create" && p.sent) {
      for (const row of this.table(p.collection).base.values()) this.#consider(p, row);
      this.#match(p.collection);
    }
    this.changed(p.collection, this.resolve(p.id));
  }

  remove(p: Pending): void {
    const of = this.#writes.get(p.collection)!;
    const left = (of.get(p.id) ?? []).filter((one) => one !== p);
    if (left.length) of.set(p.id, left);
    else of.delete(p.id);
    const resolved = this.resolve(p.id);
    if (p.kind === "create") this.#match(p.collection);
    this.changed(p.collection, p.id);
    this.changed(p.collection, resolved);
  }

  /** From now on the row of a create is this one. */
  made(p: Pending, id: number): void {
    this.#real.set(p.id, id);
    for (const other of this.#creates(p.collection)) {
      other.candidates = other.candidates.filter((candidate) => candidate !== id);
    }
    this.changed(p.collection, p.id);
    this.changed(p.collection, id);
  }

  /** A row is new: it may be what a write of ours has made. */
  meet(collection: string, row: Row): void {
    let any = false;
    for (const p of this.#creates(collection)) any = this.#consider(p, row) || any;
    if (any) this.#match(collection);
  }

  /** Whether a new row may be ours. */
  ours(collection: string, id: number): boolean {
    return this.#creates(collection).some((p) => p.candidates.includes(id));
  }

  changed(collection: string, id: number): void {
    this.table(collection).mark(id);
    this.listeners.mark(collection, id);
    // What our own writes show of this row.
    for (const [other, of] of this.#writes) {
      if (!of.size || !Object.values(this.nests(other)).some((nest) => nest.collection === collection)) continue;
      for (const named of of.keys()) {
        const shown = this.resolve(named);
        this.table(other).mark(shown);
        this.listeners.mark(other, shown);
      }
    }
  }

  /** All of it: somebody else is signed in, say. */
  changedAll(): void {
    for (const [collection, table] of this.#tables) {
      for (const id of [...table.base.keys(), ...this.#writes.get(collection)!.keys()]) this.changed(collection, id);
    }
  }

  #creates(collection: string): Pending[] {
    return [...this.#writes.get(collection)!.values()].flatMap((of) => of.filter((p) => p.kind === "create"));
  }

  #consider(p: Pending, row: Row): boolean {
    const may = p.sent && row.id > (p.after ?? 0) && fits(row, p.values, this.nests(p.collection));
    if (may) p.candidates.push(row.id);
    return may;
  }

  // Each row stands for one write, and the older write comes first: the server makes them in that order.
  #match(collection: string): void {
    const before = this.#matched.get(collection)!;
    const taken = new Map<number, Pending>();
    for (const p of this.#creates(collection)) {
      p.match = p.candidates.find((candidate) => !taken.has(candidate));
      if (p.match) taken.set(p.match, p);
    }
    this.#matched.set(collection, taken);
    for (const [id, p] of [...before, ...taken]) {
      if (before.get(id) !== taken.get(id)) for (const one of [id, p.id]) this.changed(collection, one);
    }
  }

  #on(collection: string, id: number): Pending[] {
    const of = this.#writes.get(collection)!;
    const match = this.#matched.get(collection)!.get(id);
    const own = of.get(id) ?? [];
    return match ? [...of.get(match.id)!, ...own].sort((one, other) => one.seq - other.seq) : own;
  }

  #show(collection: string, id: number, base: Row | undefined): Row | undefined {
    let row = base;
    for (const p of this.#on(collection, id)) {
      if (!p.optimistic || !this.belongs(p)) continue;
      if (p.kind === "delete") row = undefined;
      else if (p.kind === "update") row &&= patch(row, p.values, this.nests(collection), this.row);
      else if (p.id === id && !p.match) {
        const like: Row | undefined = this.table(collection).base.values().next().value;
        row = standIn(id, p.values, like, this.nests(collection), this.row);
      }
    }
    return row;
  }
}
