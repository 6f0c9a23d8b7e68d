/** Deep equality of JSON values and dates. `alike` compares the scalars that are not identical. */
export function equal(one: any, other: any, alike?: (one: unknown, other: unknown) => boolean): boolean {
  if (one === other) return true;
  if (Object(one) !== one || Object(other) !== other) return !!alike?.(one, other);
  if (one instanceof Date) return +one === +other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key], alike));
}
