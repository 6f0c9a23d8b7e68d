// What a write will do to a row, as far as that can be told before the server has done it.

import type { Fields, Row } from "./pending.ts";
import type { Nest } from "./types.ts";

/** Finds the row that is shown in another collection. */
export type Look = (collection: string, id: number) => Row | undefined;
type Nests = Record<string, Nest>;

/** A row that is being created, shaped like another one of its collection. */
export function standIn(id: number, values: Fields, like: Row | undefined, nests: Nests, look: Look): Row {
  const blank = Object.fromEntries(Object.keys(like ?? {}).map((field) => [field, nests[field]?.many ? [] : null]));
  return patch({ ...blank, id, version: 0 }, values, nests, look, like);
}

export function patch(row: Row, values: Fields, nests: Nests, look: Look, like: Row | undefined = row): Row {
  const next = { ...row };
  for (const [field, value] of changed(values)) {
    const nest = nests[field];
    next[field] = nest ? nested(nest, value, look) : alike(value, like?.[field]);
  }
  return next;
}

/** Whether a row that came is what these values make of it; forms send text for numbers, and the server trims. */
export function fits(row: Row, values: Fields, nests: Nests): boolean {
  // Somebody may have changed it before we heard of it.
  if (row.version > 1) return true;
  return changed(values).every(([field, value]) => {
    if (!(field in row)) return true;
    if (nests[field]) return same(ids(value), ids(row[field]));
    return typeof value === "object" && value !== null ? true : same(value, row[field]);
  });
}

/** The temporary ids that a write refers to. */
export function temporary(values: Fields, nests: Nests): number[] {
  return Object.keys(nests).flatMap((field) => references(values[field]).map((one) => +one.id).filter((id) => id < 0));
}

/** The same values with a real id in the place of a temporary one. */
export function renamed(values: Fields, nests: Nests, from: number, to: number): Fields {
  const one = (reference: any) => (+reference?.id === from ? { ...reference, id: to } : reference);
  const next = { ...values };
  if (+next.id === from) next.id = to;
  for (const field of Object.keys(nests)) {
    const value = next[field];
    if (value) next[field] = Array.isArray(value) ? value.map(one) : one(value);
  }
  return next;
}

const changed = (values: Fields) => Object.entries(values).filter(([field]) => field !== "id" && field !== "version");
const references = (value: any): any[] => [value].flat().filter((one) => typeof one === "object" && one);
const ids = (value: any) => references(value).map((one) => +one.id).join();
const text = (value: unknown) => (value == null ? "" : String(value).trim());
const same = (one: unknown, other: unknown) => {
  const [left, right] = [text(one), text(other)];
  return left === right || (left !== "" && right !== "" && +left === +right);
};

function nested(nest: Nest, value: any, look: Look): unknown {
  const one = (reference: any) => {
    if (typeof reference !== "object" || !reference) return reference;
    const row = look(nest.collection, +reference.id);
    return row ? Object.fromEntries(nest.fields.map((field) => [field, row[field]])) : { ...reference, id: +reference.id };
  };
  return Array.isArray(value) ? value.map(one) : one(value);
}

function alike(value: unknown, like: unknown): unknown {
  if (typeof value === "string") {
    const trimmed = value.trim();
    return typeof like === "number" && trimmed && !Number.isNaN(+trimmed) ? +trimmed : trimmed;
  }
  return typeof like === "string" && typeof value === "number" ? String(value) : value;
}
