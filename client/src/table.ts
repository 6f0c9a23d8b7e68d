// The rows of one collection: as the server has told them, and as they are shown.
//
// What is shown is computed when it is asked for, and for the rows that changed only: one row among thousands costs a
// copy of one array.

import { equal } from "./equal.ts";
import type { Row } from "./pending.ts";

export type Table = ReturnType<typeof createTable>;

export function createTable(show: (id: number, base: Row | undefined) => Row | undefined) {
  const base = new Map<number, Row>();
  const shown = new Map<number, Row>();
  // Whose row is to be computed, and whose place in the list is to be looked at.
  const stale = new Set<number>();
  const moved = new Set<number>();
  let list: readonly Row[] = [];

  function row(id: number): Row | undefined {
    const before = shown.get(id);
    if (!stale.delete(id)) return before;
    const now = show(id, base.get(id));
    if (equal(before, now)) return before;
    if (now) shown.set(id, now);
    else shown.delete(id);
    return now;
  }

  function rows(): readonly Row[] {
    let next: Row[] | undefined;
    for (const id of moved) {
      const now = row(id);
      const rows = next ?? list;
      const at = place(rows, id);
      const there = rows[at]?.id === id;
      if (there ? now === rows[at] : !now) continue;
      next ??= list.slice();
      next.splice(at, +there, ...(now ? [now] : []));
    }
    moved.clear();
    return (list = next ?? list);
  }

  return {
    base,
    row,
    rows,
    mark(id: number): void {
      stale.add(id);
      moved.add(id);
    },
  };
}

// Rows that are being created come last, the newest at the end: that is where they will be.
const order = (one: number, other: number) => (one > 0 === other > 0 ? Math.abs(one) - Math.abs(other) : other - one);

function place(list: readonly Row[], id: number): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (order(list[middle]!.id, id) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
