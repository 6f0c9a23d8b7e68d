// Rows are JSON, and are compared by what they say, so that one that says the same stays the same object.

export function equal(one: any, other: any): boolean {
  if (one === other) return true;
  if (Object(one) !== one || Object(other) !== other) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => equal(one[key], other[key]));
}
