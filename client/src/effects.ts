// What a write will do to a row, as far as that can be told before the server has done it.

import { equal } from "./equal.ts";
import type { Fields, Row } from "./pending.ts";
import type { Nest } from "./types.ts";

/** Finds the row that is shown in another collection. */
export type Look = (collection: string, id: number) => Row | undefined;
type Nests = Record<string, Nest>;

/** A row that is being created, with the fields of another one of its collection. */
export function standIn(id: number, values: Fields, like: Row | undefined, nests: Nests, look: Look): Row {
  const blank: Fields = { ...like };
  for (const field in blank) blank[field] = null;
  return patch({ ...blank, id, version: 0 }, values, nests, look);
}

export function patch(row: Row, values: Fields, nests: Nests, look: Look): Row {
  const shown = references({ ...row, ...values }, nests, (reference, { collection, fields }) => {
    const found = look(collection, +reference.id);
    return found ? Object.fromEntries(fields.map((field) => [field, found[field]])) : reference;
  });
  return { ...shown, id: row.id, version: row.version };
}

/** Whether a row is what these values make of it, whatever its version; forms send text for numbers, and the server trims. */
export function fits(row: Row, values: Fields, nests: Nests): boolean {
  const plain = (one: Fields) => references(one, nests, (reference) => reference.id);
  const { id, version, ...mine } = plain(values);
  const theirs = plain(row);
  return Object.keys(mine).every((field) => !(field in row) || equal(mine[field], theirs[field], alike));
}

/** The temporary ids that a write refers to. */
export function temporary(values: Fields, nests: Nests): number[] {
  const ids: number[] = [];
  references(values, nests, ({ id }) => id < 0 && ids.push(+id));
  return ids;
}

/** The same values with a real id in the place of a temporary one. */
export function renamed(values: Fields, nests: Nests, from: number, to: number): Fields {
  const next = references(values, nests, (reference) => (+reference.id === from ? { ...reference, id: to } : reference));
  if (+next.id === from) next.id = to;
  return next;
}

// The same fields, with something else in the place of each reference to another row.
function references(values: Fields, nests: Nests, to: (reference: any, nest: Nest) => unknown): Fields {
  const next = { ...values };
  for (const field in nests) {
    const one = (reference: any) => (Object(reference) === reference ? to(reference, nests[field]!) : reference);
    if (field in next) next[field] = Array.isArray(next[field]) ? next[field].map(one) : one(next[field]);
  }
  return next;
}

const alike = (one: unknown, other: unknown) => {
  const left = `${one ?? ""}`.trim();
  const right = `${other ?? ""}`.trim();
  return left === right || (left !== "" && +left === +right);
};
