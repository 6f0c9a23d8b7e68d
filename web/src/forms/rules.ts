// The server's validation, evaluated in advance: for hints, and before an offline write is queued.

import { rules } from "@schema";

import type { Name } from "../app/client.ts";

interface Rule {
  readonly type?: string;
  readonly required?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** `2 to 40 characters`, `18 to 120`. */
export function bounds(rule: Rule): string | undefined {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = rule;
  if (minLength !== undefined && maxLength !== undefined) return `${minLength} to ${maxLength} characters`;
  if (maxLength !== undefined) return `At most ${maxLength.toLocaleString("en")} characters`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minItems !== undefined && maxItems !== undefined) return `${minItems} to ${maxItems}`;
  return undefined;
}

/**
 * What the server would certainly refuse, by field. While there is a connection the server itself is asked, which knows
 * more; this is for writes that it will only see when their form is long gone.
 */
export function breaches(collection: Name, payload: object): Record<string, string> {
  const values = new Map<string, unknown>(Object.entries(payload));
  const found: Record<string, string> = {};
  for (const [field, rule] of Object.entries<Rule>(rules[collection])) {
    const value = values.get(field);
    if (!values.has(field)) continue;
    const wrong = breach(rule, value);
    if (wrong !== undefined) found[rule.type === "object" ? `${field}.id` : field] = wrong;
  }
  return found;
}

function breach(rule: Rule, value: unknown): string | undefined {
  if (isBlank(value)) return rule.required ? "is required" : undefined;
  if (typeof value === "string") {
    if (rule.type === "integer") return "must be a whole number";
    const length = [...value.trim()].length;
    if (length < (rule.minLength ?? 0) || length > (rule.maxLength ?? Infinity)) return `must be ${bounds(rule)?.toLowerCase()} long`;
    return rule.pattern === undefined || new RegExp(rule.pattern).test(value.trim()) ? undefined : "does not have the form that is needed here";
  }
  if (typeof value === "number" && (value < (rule.minimum ?? -Infinity) || value > (rule.maximum ?? Infinity))) return `must be ${bounds(rule)}`;
  if (Array.isArray(value) && (value.length < (rule.minItems ?? 0) || value.length > (rule.maxItems ?? Infinity))) return `must have ${bounds(rule)} of them`;
  return undefined;
}

function isBlank(value: unknown): boolean {
  if (typeof value === "object" && value !== null && "id" in value) return value.id === null;
  return value === null || value === undefined || (typeof value === "string" && value.trim() === "");
}

export { rules };
