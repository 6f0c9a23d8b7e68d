// What JSON says, in a line: equal for equal values, whatever the order of their fields.

import { createHash } from "node:crypto";

export const hash = (value) => createHash("sha256").update(JSON.stringify(value, sorted)).digest("hex");

function sorted(_, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

// Whether two rows are equal but for what other writes change.
export const isSame = (product, collection, one, other) => hash(product.own(collection, one)) === hash(product.own(collection, other));
