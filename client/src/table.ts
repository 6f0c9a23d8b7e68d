// The rows of one collection: the server state (`base`) and the displayed rows.
//
// Displayed rows are computed on demand, and only those that changed: one change among thousands of rows costs a copy
// of one array.

import { equal } from "./equal.ts";
import type { Keys } from "./keys.ts";
import type { Row, Token } from "./model.ts";

export type Table = ReturnType<typeof createTable>;

export function createTable({ compare, split }: Keys, display: (id: Token, base: Row | undefined) => Row | undefined) {
  const base = new Map<Token, Row>();
  const displayed = new Map<Token, Row>();
  // Keys of rows to compute, and keys of rows whose position in the list may have changed.
  const stale = new Set<Token>();
  const moved = new Set<Token>();
  let list: readonly Row[] = [];

  function row(id: Token): Row | undefined {
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
      const parts = split(id);
      let [at, end] = [0, rows.length];
      while (at < end) {
        const middle = (at + end) >> 1;
        if (compare(rows[middle]!, parts) < 0) at = middle + 1;
        else end = middle;
      }
      const there = !!rows[at] && !compare(rows[at]!, parts);
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
    mark(id: Token): void {
      stale.add(id);
      moved.add(id);
    },
  };
}
