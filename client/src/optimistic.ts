// The effect of a pending write on a row, as far as it is known before the server has answered.

import { equal } from "./equal.ts";
import type { Embed, Fields, Row, Token } from "./model.ts";
import type { CollectionState } from "./store.ts";

/**
 * Finds the displayed row of another collection whose key is in `from`, perhaps in the columns `by`; if there is none,
 * what is known of it.
 */
export type FindRow = (collection: string, from: Fields, by?: readonly string[]) => Fields | undefined;
type State = Pick<CollectionState, "nests" | "version" | "fields" | "token" | "columns">;

/** The displayed row of a pending create, with the field names of `sample`, another row of its collection. */
export function placeholder(id: Token, values: Fields, sample: Row | undefined, state: State, find: FindRow): Row {
  const blank: Fields = { ...sample };
  for (const field in blank) blank[field] = null;
  return patch({ ...blank, ...state.fields(id), [state.version]: 0 }, values, state, find);
}

export function patch(row: Row, values: Fields, { nests, version, fields, token }: State, find: FindRow): Row {
  const patched = { ...row, ...values };
  const embedded = Object.entries(nests).flatMap(([field, { collection, fields, by }]) => {
    const show = (from: Fields) => {
      const found = find(collection, from, by);
      return found && Object.fromEntries(fields.map((field) => [field, found[field] ?? null]));
    };
    // A payload may have the nested object too, but its own columns count.
    if (!by) return field in values ? [[field, mapReferences(values[field], (one) => show(one) ?? one)]] : [];
    const before = row[field] ?? null;
    if (!by.some((column) => Object.hasOwn(values, column))) return [[field, before]];
    return [[field, by.some((column) => patched[column] == null) ? null : (show(patched) ?? before)]];
  });
  return { ...patched, ...Object.fromEntries(embedded), ...fields(token(row)), [version]: row[version] };
}

/** Whether a row has these values, whatever its version. Forms send numbers as text, and the server trims text. */
export function matches(row: Row, values: Fields, { nests, version, columns }: State): boolean {
  return Object.keys(values).every((field) => {
    if (field === version || columns.includes(field) || nests[field]?.by || !(field in row)) return true;
    const [mine, theirs] = [values, row].map((one) => (nests[field] ? mapReferences(one[field], ({ id }) => id) : one[field]));
    return equal(mine, theirs, looselyEqual);
  });
}

// A field of references to other rows, one or many, with each of them mapped.
function mapReferences(value: any, map: (reference: Fields) => unknown): unknown {
  const one = (reference: any) => (Object(reference) === reference ? map(reference) : reference);
  return Array.isArray(value) ? value.map(one) : one(value);
}

const looselyEqual = (one: unknown, other: unknown) => {
  const left = `${one ?? ""}`.trim();
  const right = `${other ?? ""}`.trim();
  return left === right || (left !== "" && +left === +right);
};
