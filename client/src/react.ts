// React hooks for a client. A component renders again only if the values that it uses have changed.

import { useMemo, useRef, useSyncExternalStore } from "react";
import { equal } from "./equal.ts";
import type { CollectionName, Conflict, Connection, RemoteEdit, RowOf } from "./model.ts";
import type { Client } from "./types.ts";

export interface Selection<R> {
  /** Fields that must be equal, or a condition. */
  where?: Partial<R> | ((row: R) => boolean);
  /** A field, `-field` for descending order, or a comparison. Default: id order. */
  sort?: (keyof R & string) | `-${keyof R & string}` | ((one: R, other: R) => number);
}

export interface Hooks<C> {
  useCollection<K extends CollectionName<C>>(
    collection: K,
    selection?: Selection<RowOf<C, K>>,
  ): { rows: readonly RowOf<C, K>[]; ready: boolean };
  useRow<K extends CollectionName<C>>(collection: K, id: number): RowOf<C, K> | undefined;
  usePending(collection: CollectionName<C>, id: number): "create" | "update" | "delete" | undefined;
  useLastEdit(collection: CollectionName<C>, id: number): RemoteEdit | undefined;
  useConnection(): Connection;
  useConflicts(): readonly Conflict<C>[];
}

const none: never[] = [];
const nothing = (): any => {};

export function createHooks<C, E>(client: Client<C, E>): Hooks<C> {
  function useOf<K extends CollectionName<C>, T>(collection: K, id: number, read: (collection: K, id: number) => T): T {
    const subscribe = useMemo(() => (listener: () => void) => client.subscribeTo(collection, id, listener), [collection, id]);
    return useSyncExternalStore<T>(subscribe, () => read(collection, id), nothing);
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
      return (last.current = equal(last.current, selected) ? last.current : selected);
    },
    useRow: (collection, id) => useOf(collection, id, client.row),
    usePending: (collection, id) => useOf(collection, id, client.pending),
    useLastEdit: (collection, id) => useOf(collection, id, client.lastEdit),
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
  const matches = (row: R) => Object.entries(where!).every(([field, value]) => equal(row[field as keyof R], value));
  const rows = where ? all.filter(typeof where === "function" ? where : matches) : all;
  return sort ? [...rows].sort(typeof sort === "function" ? sort : by(sort, numbers)) : rows;
}

function by<R>(sort: string, numbers: readonly string[] = []): (one: R, other: R) => number {
  const [, down, field] = /(-?)(.*)/.exec(sort) as unknown as [string, string, string];
  return (one: any, other: any) => {
    // Null sorts first, as in the server's lists.
    const [left, right] = [one, other].map(({ [field]: value }) => (numbers.includes(field) && value ? +value : (value ?? "")));
    const order = typeof left === "number" && typeof right === "number" ? left - right : `${left}`.localeCompare(right);
    return down ? -order : order;
  };
}
