// The order of values, as the server has it.

const HUGE = "9".repeat(2e5);

/** By value, exactly, where a number may be a text such as "10.50", "-Infinity" or "NaN". NaN is last. */
export function compareNumbers(one: unknown, other: unknown): number {
  const [left, right] = [Number(one), Number(other)];
  const order = +isNaN(left) - +isNaN(right) || left - right;
  // Rounding keeps the order, so only numbers that round to the same one are compared by their digits.
  if (order || one === other) return order || 0;
  const texts = [one, other].map((value) => /^([-+]?\d*)\.?(\d*)$/.exec(`${value}`.replace("Infinity", HUGE)) ?? ["", "0", ""]);
  const places = Math.max(...texts.map((text) => text[2]!.length));
  return compare(...(texts.map(([, whole, fraction]) => BigInt(whole + fraction!.padEnd(places, "0"))) as [bigint, bigint]));
}

/** By code point, not by unit of UTF-16. */
export function compareText(one: string, other: string): number {
  for (let at = 0; ; at++) {
    const [left = -1, right = -1] = [one.codePointAt(at), other.codePointAt(at)];
    if (left !== right || left < 0) return left - right;
  }
}

/** By the operators of JavaScript. */
export const compare = (one: any, other: any): number => (one < other ? -1 : +(one > other));
