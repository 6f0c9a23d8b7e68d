// The rows of one collection: the server state (`base`) and the displayed rows.
//
// Displayed rows are computed on demand, and only those that changed: one change among thousands of rows costs a copy
// of one array.

import { equal } from "./equal.ts";
import type { Row } from "./model.ts";

export type Table = ReturnType<typeof createTable>;

export function createTable(display: (id: number, base: Row | undefined) => Row | undefined) {
  const base = new Map<number, Row>();
  const displayed = new Map<number, Row>();
  // Ids of rows to compute, and ids whose position in the list may have changed.
  const stale = new Set<number>();
  const moved = new Set<number>();
  let list: readonly Row[] = [];

  function row(id: number): Row | undefined {
    const before = displayed.get(id);
    if (!stale.delete(id)) return before;
    const now = display(id, base.get(id));
    if (equal(before, now)) return before;
    if (now) displayed.set(id, now);
    else displayed.delete(id);
    return now;
  }

  function rows(): readonly Row[] {
    let next: Row[] | undefined;
    for (const id of moved) {
      const now = row(id);
      const rows = next ?? list;
      const at = position(rows, id);
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

// Placeholders come last, the newest at the end, where the real rows will be.
const order = (one: number, other: number) => (one > 0 === other > 0 ? Math.abs(one) - Math.abs(other) : other - one);

function position(list: readonly Row[], id: number): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (order(list[middle]!.id, id) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
