// What things are called on the page, and where they live.

import type { Name, Row } from "./client.ts";

export const words = {
  coaches: { one: "coach", many: "coaches", title: "Coaches", path: "/coaches" },
  workout_plans: { one: "workout plan", many: "workout plans", title: "Workout plans", path: "/plans" },
  exercise_moves: { one: "move", many: "moves", title: "Exercise moves", path: "/moves" },
  schedules: { one: "class", many: "classes", title: "Week", path: "/classes" },
} satisfies Record<Name, { one: string; many: string; title: string; path: string }>;

const fields: Record<string, string> = {
  name: "Name",
  age: "Age",
  picture: "Picture",
  username: "Username",
  focus: "Focus",
  description: "Description",
  video_link: "Video link",
  difficulty: "Difficulty",
  exercise_moves: "Moves",
  day: "Day",
  hour: "Time",
  coach: "Coach",
  workout_plan: "Workout plan",
};

export const fieldWord = (field: string) => fields[field.split(".")[0] ?? field] ?? field;

/** `1 class`, `3 classes`. */
export const count = (n: number, name: Name) => `${n.toLocaleString("en")} ${n === 1 ? words[name].one : words[name].many}`;

/** What a row is called in a sentence. */
export function rowName<K extends Name>(row: Row<K>): string {
  return "name" in row ? row.name : `${row.workout_plan.name}, ${row.day} ${clock(row.hour)}`;
}

/** `"900"` as `09:00`. */
export function clock(hour: string): string {
  const digits = hour.padStart(4, "0");
  return `${digits.slice(0, -2)}:${digits.slice(-2)}`;
}

/** Names that a list of them would read aloud: `Name, Age and Picture`. */
export const listed = (parts: readonly string[]) => new Intl.ListFormat("en", { type: "conjunction" }).format(parts);

export const capital = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
