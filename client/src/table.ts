// The rows of one collection: as the server has told them, and as they are shown.
//
// What is shown is computed when it is asked for, and for the rows that changed only: one row among thousands costs a
// copy of one array.

import { equal } from "./equal.ts";
import type { Row } from "./pending.ts";

export class Table {
  readonly base = new Map<number, Row>();
  /** No row had a higher id. */
  top = 0;
  #shown = new Map<number, Row>();
  #list: readonly Row[] = [];
  // Whose row is to be computed, and whose place in the list is to be looked at.
  #stale = new Set<number>();
  #moved = new Set<number>();
  #show: (id: number, base: Row | undefined) => Row | undefined;

  constructor(show: (id: number, base: Row | undefined) => Row | undefined) {
    this.#show = show;
  }

  mark(id: number): void {
    this.#stale.add(id);
    this.#moved.add(id);
  }

  row(id: number): Row | undefined {
    const before = this.#shown.get(id);
    if (!this.#stale.delete(id)) return before;
    const now = this.#show(id, this.base.get(id));
    if (equal(before, now)) return before;
    if (now) this.#shown.set(id, now);
    else this.#shown.delete(id);
    return now;
  }

  rows(): readonly Row[] {
    if (this.#moved.size) {
      const moved = [...this.#moved];
      this.#moved.clear();
      this.#list = moved.length > 100 ? this.#all(moved) : this.#some(moved);
    }
    return this.#list;
  }

  #all(moved: number[]): readonly Row[] {
    for (const id of moved) this.row(id);
    const all = [...this.#shown.values()].sort((one, other) => order(one.id, other.id));
    return all.length === this.#list.length && all.every((row, n) => row === this.#list[n]) ? this.#list : all;
  }

  #some(moved: number[]): readonly Row[] {
    let list = this.#list as Row[];
    for (const id of moved) {
      const row = this.row(id);
      const at = place(list, id);
      const there = list[at]?.id === id ? 1 : 0;
      if (there ? row === list[at] : !row) continue;
      if (list === this.#list) list = list.slice();
      list.splice(at, there, ...(row ? [row] : []));
    }
    return list;
  }
}

// Rows that are being created come last, the newest at the end: that is where they will be.
const order = (one: number, other: number) => (one > 0 === other > 0 ? Math.abs(one) - Math.abs(other) : other - one);

function place(list: readonly Row[], id: number): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (order(list[middle]!.id, id) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
