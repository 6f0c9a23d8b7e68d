// The planner: collections in Rust, with ids that are given out once, and versions that each write counts up.

import * as foreign from "./foreign.js";
import { draw, names } from "./operations.js";
import { columns, read } from "./rows.js";

export const planner = {
  keys: { coaches: ["id"], workout_plans: ["id"], exercise_moves: ["id"], schedules: ["id"] },
  written: Object.keys(names),
  columns,
  draw,
  foreign,
  read,
  // Other programs' writes do not count versions, so their order is not known from the rows.
  countsVersions: true,
  newest: (one, other) => Math.max(one, other),
  faults: () => true,

  // The program makes its tables when it starts.
  async prepare() {
    return { settings: ["--sample-data", "never"] };
  },

  // What is to be equal wherever the row is shown.
  shown: (_, row) => row,
  // Moves within a plan have writes of their own.
  own: (_, { exercise_moves, ...fields }) => ({ ...fields, moves: exercise_moves?.map(({ id }) => id) }),
  within: (row) => row.exercise_moves ?? [],

  // Every change leaves a picture whose parts agree.
  check(copy, violation) {
    for (const plan of copy.workout_plans.values()) {
      for (const shown of plan.exercise_moves) {
        const move = copy.exercise_moves.get(JSON.stringify([shown.id]));
        if (move?.version !== shown.version) violation("a plan shows a move as it is not", { plan, move });
      }
    }
  },

  explains({ event, payload, isGone }, key) {
    if (key === "$in_use") return event === "delete_exercise_move";
    const move = /^exercise_moves\.(\d+)\.id$/.exec(key);
    return Boolean(move) && isGone("exercise_moves", payload.exercise_moves[move[1]]);
  },
};
