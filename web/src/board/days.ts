// The days and hours of the board.

import { type Day, rules, type Schedule } from "@schema";
import { useEffect, useState } from "react";

export const days: readonly Day[] = rules.schedules.day.enum;

/** The hour that a time belongs to: `"1630"` to 16. */
export const bandOf = (hour: string) => Math.floor(Number(hour) / 100);

/** The same minutes in another hour: `"1630"` moved to 9 is `"930"`. */
export const inBand = (hour: string, band: number) => String(band * 100 + (Number(hour) % 100));

/** From six to nine in the evening, and further where there are classes. */
export function bands(rows: readonly Schedule[]): number[] {
  const used = rows.map(({ hour }) => bandOf(hour));
  const first = Math.min(6, ...used);
  const last = Math.max(20, ...used);
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

export const inOrder = (a: Schedule, b: Schedule) => days.indexOf(a.day) - days.indexOf(b.day) || Number(a.hour) - Number(b.hour) || a.id - b.id;

/** The present day and hour. */
export function useNow(): { today: Day; band: number } {
  const [at, setAt] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setAt(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return { today: days[(at.getDay() + 6) % 7] ?? "Monday", band: at.getHours() };
}
