// React hooks for a client. A component renders again only if the values that it uses have changed.

import { useMemo, useRef, useSyncExternalStore } from "react";
import { equal } from "./equal.ts";
import type { CollectionName, Conflict, Connection, KeyOf, RemoteEdit, RowOf } from "./model.ts";
import { compare, compareNumbers } from "./order.ts";
import type { Client } from "./types.ts";

export interface Selection<R> {
  /** Fields that must be equal, or a condition. */
  where?: Partial<R> | ((row: R) => boolean);
  /** A field, `-field` for descending order, or a comparison. Default: the order of the keys. */
  sort?: (keyof R & string) | `-${keyof R & string}` | ((one: R, other: R) => number);
}

export interface Hooks<C> {
  useCollection<K extends CollectionName<C>>(
    collection: K,
    selection?: Selection<RowOf<C, K>>,
  ): { rows: readonly RowOf<C, K>[]; ready: boolean };
  useRow<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): RowOf<C, K> | undefined;
  usePending<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): "create" | "update" | "delete" | undefined;
  useLastEdit<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): RemoteEdit | undefined;
  useConnection(): Connection;
  useConflicts(): readonly Conflict<C>[];
}

const none: never[] = [];
const nothing = (): any => {};

export function createHooks<C, _Events = unknown>(client: Client<C, any>): Hooks<C> {
  function useOf<K extends CollectionName<C>, T>(collection: K, key: KeyOf<C, K>, read: (collection: K, key: KeyOf<C, K>) => T): T {
    // An inline key of several columns is a new object on each render.
    const subscribe = useMemo(() => (listener: () => void) => client.subscribeTo(collection, key, listener), [collection, JSON.stringify(key)]);
    return useSyncExternalStore<T>(subscribe, () => read(collection, key), nothing);
  }

  // A page hydrates with the value that the server rendered, whatever it has received by then.
  function useAny<T>(read: () => T, first: T): T {
    return useSyncExternalStore(client.subscribe, read, () => first);
  }

  return {
    useCollection(collection, { where, sort } = {}) {
      const all = useAny(() => client.rows(collection), none);
      const ready = useAny(() => client.connection().ready, false);
      const selected = useMemo(() => ({ rows: select(all, where, sort, client.numbers(collection)), ready }), [all, where, sort, ready]);
      // An inline selection is a new object on each render, so the results are compared.
      const last = useRef(selected);
      return (last.current = same(last.current, selected) ? last.current : selected);
    },
    useRow: (collection, key) => useOf(collection, key, client.row),
    usePending: (collection, key) => useOf(collection, key, client.pending),
    useLastEdit: (collection, key) => useOf(collection, key, client.lastEdit),
    useConnection: () => useAny(client.connection, client.initial),
    useConflicts: () => useAny(client.conflicts, none),
  };
}

// Rows are the same objects until they change.
const same = (one: { rows: readonly unknown[]; ready: boolean }, other: typeof one) =>
  one.ready === other.ready && one.rows.length === other.rows.length && one.rows.every((row, n) => row === other.rows[n]);

function select<R>(
  all: readonly R[],
  where: Selection<R>["where"],
  sort: Selection<R>["sort"],
  numbers: readonly string[] | undefined,
): readonly R[] {
  const matches = (row: R) => Object.entries(where!).every(([field, value]) => equal(row[field as keyof R], value));
  const rows = where ? all.filter(typeof where === "function" ? where : matches) : all;
  return sort ? [...rows].sort(typeof sort === "function" ? sort : by(sort, numbers)) : rows;
}

function by<R>(sort: string, numbers: readonly string[] = []): (one: R, other: R) => number {
  const [, down, field] = /(-?)(.*)/.exec(sort) as unknown as [string, string, string];
  return (one: any, other: any) => {
    const [left, right] = [one[field], other[field]];
    const either = (type: string) => typeof left === type || typeof right === type;
    const order =
      // Null sorts first, as in the server's lists.
      left == null || right == null ? +(left != null) - +(right != null)
      : numbers.includes(field) || either("number") ? compareNumbers(left, right)
      : either("string") ? `${left}`.localeCompare(right)
      : compare(left, right);
    return down ? -order : order;
  };
}
