// Keys of rows: a number, a text, or an object of several columns.
//
// Inside the client a key is a token, which a `Map` can find: the value of the only column, or the JSON of several
// values in the order of the primary key.

import type { CollectionSchema, Fields, Key, Row, Token } from "./model.ts";
import { compareNumbers, compareText } from "./order.ts";
import { isTemporary, temporaryId, temporaryText } from "./pending.ts";

export type Keys = ReturnType<typeof createKeys>;

export function createKeys({ key: named, bigints = [] }: Pick<CollectionSchema, "key" | "bigints">) {
  const columns = named ?? ["id"];
  const [only] = columns as [string];
  const several = columns.length > 1;
  const join = (parts: any[]): Token => (several ? JSON.stringify(parts) : parts[0]);
  const split = (token: Token): any[] => (several ? JSON.parse(token as string) : [token]);

  /** Of a row, a payload or a key. Forms send the number `id` as text. */
  function token(from: any): Token {
    if (several) return join(columns.map((column) => own(from, column)));
    const value = Object(from) === from ? own(from, only) : from;
    return named ? value : +value;
  }

  const fields = (token: Token): Fields => Object.fromEntries(split(token).map((part, n) => [columns[n], part]));

  return {
    columns,
    join,
    split,
    token,
    /** The key's columns with their values. */
    fields,
    key: (token: Token): Key => (several ? fields(token) : token),

    /** The token of a new row. What the payload leaves to the database is temporary, of the type that `sample` has. */
    create: (values: Fields, sample: Row | undefined): Token =>
      token(Object.fromEntries(columns.map((column) => [column, own(values, column) ?? (typeof sample?.[column] === "string" ? temporaryText() : temporaryId())]))),

    /** The values that `create` has made up, with their columns. */
    madeUp: (token: Token, values: Fields) =>
      split(token).map((part, n) => [part, columns[n]!] as const).filter(([, column]) => own(values, column) == null),

    /** Compares the key of a row with the values of a key. */
    compare(row: Row, parts: any[]): number {
      let order = 0;
      for (let n = 0; !order && n < columns.length; n++) order = compareParts(row[columns[n]!], parts[n], bigints.includes(columns[n]!));
      return order;
    },
  };
}

// A column may be called `constructor`.
const own = (from: any, column: string) => (Object.hasOwn(from, column) ? from[column] : undefined);

// As the server's keys: numbers by value and before text, text by code point. Placeholders come last, the newest at the
// end, where the real rows will be.
function compareParts(one: unknown, other: unknown, digits: boolean): number {
  const temporary = isTemporary(one);
  const last = +temporary - +isTemporary(other);
  if (last) return last;
  const numbers = typeof one === "number";
  if (numbers !== (typeof other === "number")) return numbers ? -1 : 1;
  if (numbers) return temporary ? (other as number) - one : one - (other as number);
  return (digits && compareNumbers(one, other)) || compareText(`${one}`, `${other}`);
}
