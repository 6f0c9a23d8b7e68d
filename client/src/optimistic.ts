// The effect of a pending write on a row, as far as it is known before the server has answered.

import { equal } from "./equal.ts";
import type { Embed, Fields, Row } from "./model.ts";

/** Finds a displayed row of another collection. */
export type FindRow = (collection: string, id: number) => Row | undefined;
type Embeds = Record<string, Embed>;

/** The displayed row of a pending create, with the field names of `sample`, another row of its collection. */
export function placeholder(id: number, values: Fields, sample: Row | undefined, embeds: Embeds, find: FindRow): Row {
  const blank: Fields = { ...sample };
  for (const field in blank) blank[field] = null;
  return patch({ ...blank, id, version: 0 }, values, embeds, find);
}

export function patch(row: Row, values: Fields, embeds: Embeds, find: FindRow): Row {
  const patched = mapReferences({ ...row, ...values }, embeds, (reference, { collection, fields }) => {
    const found = find(collection, +reference.id);
    return found ? Object.fromEntries(fields.map((field) => [field, found[field]])) : reference;
  });
  return { ...patched, id: row.id, version: row.version };
}

/** Whether a row has these values, whatever its version. Forms send numbers as text, and the server trims text. */
export function matches(row: Row, values: Fields, embeds: Embeds): boolean {
  const plain = (one: Fields) => mapReferences(one, embeds, (reference) => reference.id);
  const { id, version, ...mine } = plain(values);
  const theirs = plain(row);
  return Object.keys(mine).every((field) => !(field in row) || equal(mine[field], theirs[field], looselyEqual));
}

/** The temporary ids that a write references. */
export function temporaryReferences(values: Fields, embeds: Embeds): number[] {
  const ids: number[] = [];
  mapReferences(values, embeds, ({ id }) => id < 0 && ids.push(+id));
  return ids;
}

/** The values with a temporary id replaced by the real one. */
export function replaceId(values: Fields, embeds: Embeds, from: number, to: number): Fields {
  const next = mapReferences(values, embeds, (reference) => (+reference.id === from ? { ...reference, id: to } : reference));
  if (+next.id === from) next.id = to;
  return next;
}

// The values with each reference to another row mapped.
function mapReferences(values: Fields, embeds: Embeds, map: (reference: any, embed: Embed) => unknown): Fields {
  const next = { ...values };
  for (const field in embeds) {
    const one = (reference: any) => (Object(reference) === reference ? map(reference, embeds[field]!) : reference);
    if (field in next) next[field] = Array.isArray(next[field]) ? next[field].map(one) : one(next[field]);
  }
  return next;
}

const looselyEqual = (one: unknown, other: unknown) => {
  const left = `${one ?? ""}`.trim();
  const right = `${other ?? ""}`.trim();
  return left === right || (left !== "" && +left === +right);
};
