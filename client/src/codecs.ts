// A client whose rows have values that JSON has not, such as `bigint` and `Date`, in the columns that say so.
//
// The store keeps rows as the server sends them. They are decoded where they are read, once each, and payloads are
// encoded where they are written.

import { createClient as createPlainClient } from "./client.ts";
import type {
  CollectionName,
  CollectionSchema,
  CollectionTypeMap,
  CollectionTypes,
  Conflict,
  Fields,
  NewOf,
  Row,
  RowOf,
  Schema,
  UpdateOf,
  Write,
  WriteAck,
} from "./model.ts";
import type { Client, ClientOptions } from "./types.ts";

/** How the values of a column are shown, and sent. Null stays null, and reaches neither function. */
export interface Codec<Sent, Shown> {
  decode(value: Sent): Shown;
  /** Throws if it cannot be sent; then `create` and `update` throw. */
  encode(value: Shown): Sent;
}

/** By collection and column. */
export type Codecs<C> = {
  [K in CollectionName<C>]?: { [F in keyof RowOf<C, K>]?: Codec<NonNullable<RowOf<C, K>[F]>, any> };
};

type DecodedFields<T, M> = {
  [F in keyof T]: F extends keyof M ? (M[F] extends Codec<any, infer Shown> ? Shown | Extract<T[F], null | undefined> : T[F]) : T[F];
};
type DecodedTypes<T extends CollectionTypes, M> = Omit<T, "row" | "new" | "update"> & {
  row: DecodedFields<T["row"], M>;
  new: DecodedFields<T["new"], M>;
  update: DecodedFields<T["update"], M>;
};

/** Collections with the types that codecs give to columns. */
export type Decoded<C, M> = {
  [K in keyof C]: K extends keyof M ? (C[K] extends CollectionTypes ? DecodedTypes<C[K], M[K]> : C[K]) : C[K];
};

export type DecodingClient<C, M, E = Record<string, any>> = Client<Decoded<C, M>, E> & {
  /** Decodes a row that is not from the store, such as one of a list. */
  decode<K extends CollectionName<C>>(collection: K, row: RowOf<C, K>): RowOf<Decoded<C, M>, K>;
};

/** A text of digits as a `bigint`. */
export const asBigInt: Codec<string, bigint> = {
  decode: BigInt,
  encode: (value) => `${BigInt(value)}`,
};

// A date has milliseconds, and the text of one that was shown may have more digits.
const texts = new WeakMap<Date, string>();

/**
 * The text of an instant as a `Date`. One that is sent back as it was shown keeps the microseconds that a `Date` has not;
 * `infinity` is shown as an invalid date.
 */
export const asDate: Codec<string, Date> = {
  decode(text) {
    const date = new Date(text);
    texts.set(date, text);
    return date;
  },
  encode(date) {
    const text = texts.get(date);
    return text !== undefined && Object.is(+new Date(text), +date) ? text : date.toISOString();
  },
};

/** Creates a client with the option `codecs`. The other options and all members are those of `@rowcast/client`. */
export function createClient<
  C extends CollectionTypeMap<C>,
  E = Record<string, any>,
  // Without inference, which explicit types turn off, no codecs are allowed.
  M extends Codecs<C> = { [K in CollectionName<C>]?: never },
>(schema: Schema<C>, { codecs, ...options }: ClientOptions & { codecs: M }): DecodingClient<C, M, E> {
  const columns = new Map(Object.entries<Record<string, Codec<any, any>>>(codecs as {}));
  for (const [name, of] of columns) check(name, of, (schema.collections as Record<string, CollectionSchema>)[name]);
  const shown = new WeakMap<object, any>();

  function map(collection: string, values: Fields, direction: "decode" | "encode"): any {
    const of = Object.entries(columns.get(collection) ?? {});
    const given = of.filter(([column]) => Object.hasOwn(values, column) && values[column] != null);
    return { ...values, ...Object.fromEntries(given.map(([column, codec]) => [column, codec[direction](values[column])])) };
  }

  // The same object for the same row.
  function show<T extends object | undefined | null>(collection: string, row: T): T {
    if (!row || !columns.has(collection)) return row;
    if (!shown.has(row)) shown.set(row, map(collection, row, "decode"));
    return shown.get(row);
  }

  function showAll(collection: string, rows: readonly Row[]): readonly Row[] {
    if (!columns.has(collection)) return rows;
    if (!shown.has(rows)) shown.set(rows, rows.map((row) => show(collection, row)));
    return shown.get(rows);
  }

  function showConflict(conflict: Conflict): Conflict {
    if (!columns.has(conflict.collection)) return conflict;
    const { collection, base, mine, theirs, changes } = conflict;
    if (!shown.has(conflict)) {
      shown.set(conflict, {
        ...conflict,
        ...{ base: show(collection, base), mine: show(collection, mine), theirs: show(collection, theirs) },
        changes: show(collection, changes),
        keepMine: () => showWrite(collection, conflict.keepMine()),
      });
    }
    return shown.get(conflict);
  }

  function showAck(collection: string, ack: WriteAck<any>): WriteAck<any> {
    const { data, conflict } = ack;
    return columns.has(collection) ? { ...ack, data: show(collection, data), ...(conflict && { conflict: showConflict(conflict) }) } : ack;
  }

  function showWrite(collection: string, write: Write<any, any>): Write<any, any> {
    const { requestId, id } = write;
    return Object.assign(write.then((ack) => showAck(collection, ack)), { requestId, id });
  }

  const { onRestoredWriteSettled } = options;
  const client: Client<any, any> = createPlainClient<any, any>(schema as Schema<any>, {
    ...options,
    ...(onRestoredWriteSettled && {
      onRestoredWriteSettled: (write, ack) =>
        onRestoredWriteSettled({ ...write, values: show(write.collection, write.values) }, showAck(write.collection, ack)),
    }),
  });
  const conflicts = () => {
    const list = client.conflicts();
    if (!shown.has(list)) shown.set(list, list.map(showConflict));
    return shown.get(list);
  };
  return {
    ...client,
    rows: (collection: string) => showAll(collection, client.rows(collection)),
    row: (collection: string, key: any) => show(collection, client.row(collection, key)),
    decode: (collection: string, row: any) => show(collection, row),
    conflicts,
    create: (collection: string, values: NewOf<any, any>, write: any) =>
      showWrite(collection, client.create(collection, map(collection, values, "encode"), write)),
    update: (collection: string, changes: UpdateOf<any, any>, write: any) =>
      showWrite(collection, client.update(collection, map(collection, changes, "encode"), write)),
  } as DecodingClient<C, M, E>;
}

function check(name: string, of: Record<string, unknown>, schema: CollectionSchema | undefined): void {
  if (!schema) throw new Error(`codecs: there is no collection ${name}`);
  const { key = ["id"], version = "version", bigints, times } = schema;
  const fixed = Object.keys(of).find((column) => column === version || key.includes(column));
  if (fixed !== undefined) throw new Error(`codecs: ${fixed} of ${name} is part of its key or its version, which stay as they are sent`);
  // A schema that lists such columns lists all of them.
  for (const [codec, columns, what] of [[asBigInt, bigints, "integer"], [asDate, times, "instant"]] as const) {
    const wrong = columns && Object.keys(of).find((column) => of[column] === codec && !columns.includes(column));
    if (wrong) throw new Error(`codecs: the text of ${wrong} of ${name} is no ${what}`);
  }
}
