// What other programs do to the planner's tables.

import { where } from "../keys.js";

const link = "https://example.com/foreign";

export const weights = { insert: 2, update: 6, link: 2, delete: 1 };
export const deletes = ["coaches"];
// Loaded while triggers are disabled.
export const loaded = "coaches";

export function insert(chance, marker) {
  const sql = `insert into coaches (name, age, picture) values ('${marker}', ${chance.between(18, 120)}, '${link}')`;
  return { collection: "coaches", which: `name = '${marker}'`, sql };
}

export const assignments = {
  coaches: (chance) => `age = ${chance.between(18, 120)}`,
  exercise_moves: (chance) => `focus = '${chance.pick(["Arms", "Feet"])}'`,
  workout_plans: (chance) => `difficulty = '${chance.pick(["Odd", "Even"])}'`,
};

// With ids of the program's own.
export const imports = {
  collection: "coaches",
  last: {
    postgres: "select last_value as last from coaches_id_seq",
    sqlite: "select coalesce(max(seq), 0) as last from sqlite_sequence where name = 'coaches'",
  },
  which: (id, marker) => `id = ${id} and name = '${marker}'`,
  sql: (id, chance, marker) =>
    `insert into coaches (id, name, age, picture) select ${id}, '${marker}', ${chance.between(18, 120)}, '${link}'`,
};

export const others = {
  // What a plan shows is in a table beside it.
  link(chance, _, pick) {
    const [plan, move] = [pick("workout_plans"), pick("exercise_moves")];
    if (!plan || !move) return undefined;
    const of = `workout_plan_id = ${plan.id} and position = (select min(position) from workout_plan_moves where workout_plan_id = ${plan.id})`;
    const sql = `update workout_plan_moves set exercise_move_id = ${move.id} where ${of} and exercise_move_id <> ${move.id}`;
    return { kind: "update", collection: "workout_plans", which: where(plan), sql };
  },
};
