// Values of fields as people read them.

import { clock } from "../app/words.ts";

export const of = (row: object, field: string): unknown => (row as Record<string, unknown>)[field];

export function shown(value: unknown, field: string): string {
  if (value === null || value === undefined || value === "") return "–";
  if (field === "hour") return clock(String(value));
  if (Array.isArray(value)) return value.map((part) => shown(part, "")).join(" → ");
  if (typeof value === "object") return "name" in value ? String(value.name) : JSON.stringify(value);
  return String(value);
}
