// What the server will say about a value, told beforehand as a hint.

import { rules } from "@schema";

interface Bounds {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** `2 to 40 characters`, `18 to 120`. */
export function bounds(rule: Bounds): string | undefined {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = rule;
  if (minLength !== undefined && maxLength !== undefined) return `${minLength} to ${maxLength} characters`;
  if (maxLength !== undefined) return `At most ${maxLength.toLocaleString("en")} characters`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minItems !== undefined && maxItems !== undefined) return `${minItems} to ${maxItems}`;
  return undefined;
}

export { rules };
