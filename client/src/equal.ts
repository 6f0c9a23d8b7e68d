// Rows are JSON, and are compared by what they say, so that one that says the same stays the same object.

/** `alike` decides about texts, numbers and the like that are not the same. */
export function equal(one: any, other: any, alike?: (one: unknown, other: unknown) => boolean): boolean {
  if (one === other) return true;
  if (Object(one) !== one || Object(other) !== other) return !!alike?.(one, other);
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => equal(one[key], other[key], alike));
}
