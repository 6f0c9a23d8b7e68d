// Hooks over a client: a component renders again when what it shows has changed, and only then.

import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";
import { equal } from "./equal.ts";
import type { Client, Conflict, Connection, Names, RowOf, Touch } from "./types.ts";

export interface Selection<R> {
  /** Fields that are equal, or a condition. */
  where?: Partial<R> | ((row: R) => boolean);
  /** A field, with `-` before it for descending, or a comparison. Default: in id order. */
  sort?: (keyof R & string) | `-${keyof R & string}` | ((one: R, other: R) => number);
}

export interface Hooks<C> {
  useCollection<K extends Names<C>>(
    collection: K,
    selection?: Selection<RowOf<C, K>>,
  ): { rows: readonly RowOf<C, K>[]; ready: boolean };
  useRow<K extends Names<C>>(collection: K, id: number): RowOf<C, K> | undefined;
  usePending(collection: Names<C>, id: number): "create" | "update" | "delete" | undefined;
  useTouch(collection: Names<C>, id: number): Touch | undefined;
  useConnection(): Connection;
  useConflicts(): readonly Conflict<C>[];
}

export function hooks<C, E>(client: Client<C, E>): Hooks<C> {
  const any = client.subscribe;

  function useOf<T>(collection: Names<C>, id: number | undefined, read: () => T): T {
    const subscribe = useCallback((told: () => void) => client.subscribeTo(collection, id, told), [collection, id]);
    return useSyncExternalStore(subscribe, read, read);
  }

  function useAny<T>(read: () => T): T {
    return useSyncExternalStore(any, read, read);
  }

  return {
    useCollection(collection, selection = {}) {
      const all = useOf(collection, undefined, () => client.rows(collection));
      const ready = useAny(() => client.connection().ready);
      // A selection that is written in place is a new object each time; what it says counts.
      const said = useRef(selection);
      if (!equal(said.current, selection)) said.current = selection;
      const selected = useMemo(() => select(all, said.current), [all, said.current]);
      const shown = useRef(selected);
      if (!equal(shown.current, selected)) shown.current = selected;
      const rows = shown.current;
      return useMemo(() => ({ rows, ready }), [rows, ready]);
    },
    useRow: (collection, id) => useOf(collection, id, () => client.row(collection, id)),
    usePending: (collection, id) => useOf(collection, id, () => client.pending(collection, id)),
    useTouch: (collection, id) => useOf(collection, id, () => client.touch(collection, id)),
    useConnection: () => useAny(client.connection),
    useConflicts: () => useAny(client.conflicts),
  };
}

function select<R>(all: readonly R[], { where, sort }: Selection<R>): readonly R[] {
  let rows = all;
  if (typeof where === "function") rows = rows.filter(where);
  else if (where) {
    const fields = Object.entries(where) as [keyof R, unknown][];
    rows = rows.filter((row) => fields.every(([field, value]) => equal(row[field], value)));
  }
  return sort ? rows.toSorted(typeof sort === "function" ? sort : by(sort)) : rows;
}

function by<R>(sort: string): (one: R, other: R) => number {
  const [field, way] = sort.startsWith("-") ? [sort.slice(1), -1] : [sort, 1];
  return (one: any, other: any) => {
    const [left, right] = [one[field], other[field]];
    if (left === right) return 0;
    // Null before everything, as in the server's lists.
    if (left == null || right == null) return left == null ? -way : way;
    return typeof left === "string" ? way * left.localeCompare(right) : left < right ? -way : way;
  };
}
