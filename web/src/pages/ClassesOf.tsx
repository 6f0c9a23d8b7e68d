import type { Schedule } from "@schema";
import { Link } from "react-router";

import { useCollection } from "../app/client.ts";
import { count } from "../app/words.ts";
import css from "./ClassesOf.module.css";

/** How many rows there are for each id. */
export function tally<R>(rows: readonly R[], id: (row: R) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(id(row), (counts.get(id(row)) ?? 0) + 1);
  return counts;
}

/** A way to the week, with just the classes of one coach or plan. */
export function ClassesOf({ of }: { of: { coach: number } | { plan: number } }) {
  const [kind, id] = "coach" in of ? (["coach", of.coach] as const) : (["plan", of.plan] as const);
  const { rows } = useCollection("schedules");
  const here = rows.filter((row: Schedule) => (kind === "coach" ? row.coach.id : row.workout_plan.id) === id);
  return here.length === 0 ? (
    <p className={css.none}>No classes this week</p>
  ) : (
    <Link className={css.link} to={`/?${kind}=${id}`}>
      {count(here.length, "schedules")} this week
    </Link>
  );
}
