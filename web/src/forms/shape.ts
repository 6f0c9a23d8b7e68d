// How a row becomes a form, and a form a payload.

import type { Collections } from "@schema";

import type { Name, Row } from "../app/client.ts";

export interface Shape<K extends Name, V extends object> {
  collection: K;
  /** What the form holds of a row; keys are fields of the wire. */
  read(row: Row<K>): V;
  /** What is sent. A value that is no value yet goes as it is: the server says what is missing. */
  write(values: V): Collections[K]["new"];
}

export const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The fields in which two states of a form differ. */
export function differing<V extends object>(a: V, b: V): (keyof V & string)[] {
  return (Object.keys(a) as (keyof V & string)[]).filter((field) => !same(a[field], b[field]));
}

export function pick<T extends object>(from: T, fields: readonly string[]): Partial<T> {
  return Object.fromEntries(Object.entries(from).filter(([field]) => fields.includes(field))) as Partial<T>;
}
