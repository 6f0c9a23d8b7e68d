// What the server tells of its rows, taken over whole: a change with all that belongs to it, and the snapshots of one
// connect together.

import type { Row } from "./pending.ts";
import type { Store } from "./store.ts";

export interface Changes {
  cursor: string;
  [collection: string]: any;
}

/** What a change did, for what is kept: rows as they are now, and ids that are gone. */
export type Difference = Record<string, { upserted: Row[]; deleted: number[] }>;

// How long a snapshot waits for the others. Only a server that was built for other collections leaves one out.
const TOGETHER = 2000;

export class Picture {
  /** Up to where we have everything; only there while we have the rows that it stands for. */
  cursor: string | undefined;
  ready = false;
  #store: Store;
  #names: string[];
  #waiting = new Map<string, Row[]>();
  // Which of a series of snapshots have come; the series goes on over lost connections.
  #come = new Set<string>();
  #next: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #took: (difference: Difference) => void;
  #news: (collection: string, row: Row, before: Row | undefined) => void;

  constructor(
    store: Store,
    names: string[],
    took: (difference: Difference) => void,
    news: (collection: string, row: Row, before: Row | undefined) => void,
  ) {
    [this.#store, this.#names, this.#took, this.#news] = [store, names, took, news];
  }

  snapshot(collection: string, rows: Row[], cursor: string): void {
    if (this.#waiting.has(collection)) this.settle();
    if (this.#come.has(collection)) this.#come.clear();
    this.#waiting.set(collection, rows);
    this.#come.add(collection);
    this.#next = cursor;
    clearTimeout(this.#timer);
    const whole = this.#names.every((name) => this.#come.has(name));
    if (whole) this.settle(true);
    else this.#timer = setTimeout(() => this.settle(true), TOGETHER);
  }

  changes({ cursor, ...news }: Changes): void {
    this.settle();
    const difference: Difference = {};
    for (const [collection, { upserted, deleted }] of Object.entries(news)) {
      if (!this.#names.includes(collection)) continue;
      for (const row of upserted) this.#put(collection, row, true);
      for (const id of deleted) this.#store.drop(collection, id);
      difference[collection] = { upserted, deleted };
    }
    this.cursor = cursor;
    this.#took(difference);
  }

  /** Takes over the snapshots that have come so far. */
  settle(last = false): void {
    clearTimeout(this.#timer);
    if (!this.#waiting.size) return;
    const difference: Difference = {};
    for (const [collection, rows] of this.#waiting) {
      const { base } = this.#store.table(collection);
      const present = new Set(rows.map((row) => row.id));
      const deleted = [...base.keys()].filter((id) => !present.has(id));
      for (const id of deleted) this.#store.drop(collection, id);
      for (const row of rows) this.#put(collection, row, this.ready);
      difference[collection] = { upserted: rows, deleted };
    }
    this.#waiting.clear();
    this.cursor = this.#next;
    if (last) {
      this.#come.clear();
      this.ready = true;
    }
    this.#took(difference);
  }

  /** As it was kept. */
  restore(rows: Record<string, Row[]>, cursor: string): void {
    for (const name of this.#names) for (const row of rows[name] ?? []) this.#put(name, row, false);
    this.cursor = cursor;
    this.ready = true;
    this.#store.listeners.mark();
  }

  wipe(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#come.clear();
    this.cursor = undefined;
    this.ready = false;
    for (const name of this.#names) {
      for (const id of [...this.#store.table(name).base.keys()]) this.#store.drop(name, id);
    }
    this.#store.listeners.mark();
  }

  #put(collection: string, row: Row, news: boolean): void {
    const before = this.#store.table(collection).base.get(row.id);
    if (this.#store.put(collection, row) && news && row.version > (before?.version ?? 0)) {
      this.#news(collection, row, before);
    }
  }
}
