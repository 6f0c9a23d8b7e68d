// Hooks over a client: a component renders again when what it shows has changed, and only then.

import { useMemo, useRef, useSyncExternalStore } from "react";
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

const none: never[] = [];
const nothing = (): any => {};

export function hooks<C, E>(client: Client<C, E>): Hooks<C> {
  function useOf<K extends Names<C>, T>(collection: K, id: number, read: (collection: K, id: number) => T): T {
    const subscribe = useMemo(() => (told: () => void) => client.subscribeTo(collection, id, told), [collection, id]);
    return useSyncExternalStore<T>(subscribe, () => read(collection, id), nothing);
  }

  // What a server rendered is what a page begins with, whatever it has been told by then.
  function useAny<T>(read: () => T, first: T): T {
    return useSyncExternalStore(client.subscribe, read, () => first);
  }

  return {
    useCollection(collection, { where, sort } = {}) {
      const all = useAny(() => client.rows(collection), none);
      const ready = useAny(() => client.connection().ready, false);
      const selected = useMemo(() => ({ rows: select(all, where, sort, client.numbers(collection)), ready }), [all, where, sort, ready]);
      // A selection that is written in place is a new one each time; what it selects counts.
      const shown = useRef(selected);
      return (shown.current = equal(shown.current, selected) ? shown.current : selected);
    },
    useRow: (collection, id) => useOf(collection, id, client.row),
    usePending: (collection, id) => useOf(collection, id, client.pending),
    useTouch: (collection, id) => useOf(collection, id, client.touch),
    useConnection: () => useAny(client.connection, client.initial),
    useConflicts: () => useAny(client.conflicts, none),
  };
}

function select<R>(
  all: readonly R[],
  where: Selection<R>["where"],
  sort: Selection<R>["sort"],
  numbers: readonly string[] | undefined,
): readonly R[] {
  const fits = (row: R) => Object.entries(where!).every(([field, value]) => equal(row[field as keyof R], value));
  const rows = where ? all.filter(typeof where === "function" ? where : fits) : all;
  return sort ? [...rows].sort(typeof sort === "function" ? sort : by(sort, numbers)) : rows;
}

function by<R>(sort: string, numbers: readonly string[] = []): (one: R, other: R) => number {
  const [, down, field] = /(-?)(.*)/.exec(sort) as unknown as [string, string, string];
  return (one: any, other: any) => {
    // Null before everything, as in the server's lists.
    const [left, right] = [one, other].map(({ [field]: value }) => (numbers.includes(field) && value ? +value : (value ?? "")));
    const order = typeof left === "number" && typeof right === "number" ? left - right : `${left}`.localeCompare(right);
    return down ? -order : order;
  };
}
