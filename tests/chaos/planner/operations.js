// Writes at random: some that must succeed, some that may be overtaken, and some that must be refused.

export const names = { coaches: "coach", exercise_moves: "exercise_move", workout_plans: "workout_plan" };

const link = "https://example.com/chaos";
const nobody = 2 ** 40;
// So many rows of a collection are many, and more are deleted than made.
const many = 40;

const usual = { create: 30, update: 40, stale: 6, delete: 12, invalid: 8 };
const crowded = { ...usual, create: 12, delete: 30 };

// The next write. If it must be refused, `wrong` names the reasons, and the ack has some of them. The marker is unique,
// and becomes the row's name.
export function draw(random, board, marker) {
  const collection = random.pick(Object.keys(names));
  const known = board[collection].size;
  const kind = random.weighted(known > many ? crowded : usual);
  const made = known === 0 && kind !== "invalid" ? "create" : kind;
  return { collection, kind: made, marker, ...kinds[made](random, collection, board, marker) };
}

const ids = (rows) => [...rows.values()].map(({ key }) => key.id);

const kinds = {
  create(random, collection, board, marker) {
    const moves = ids(board.exercise_moves);
    // A plan needs a move.
    if (moves.length === 0) collection = "exercise_moves";
    return { collection, event: `new_${names[collection]}`, payload: fields[collection](random, marker, moves) };
  },

  update(random, collection, board, marker) {
    const { key: { id }, version } = random.pick([...board[collection].values()]);
    const all = fields[collection](random, marker, ids(board.exercise_moves));
    const payload = { id, name: marker };
    const more = random.pick(Object.keys(all));
    if (all[more].length !== 0) payload[more] = all[more];
    if (random.chance(0.4)) payload.version = version;
    return { event: `update_${names[collection]}`, payload };
  },

  // With a version that the row has left behind for certain.
  stale(random, collection, board, marker) {
    const moved = [...board[collection].values()].filter(({ version }) => version > 1);
    if (moved.length === 0) return kinds.update(random, collection, board, marker);
    const { key: { id }, version } = random.pick(moved);
    const payload = { id, name: marker, version: random.between(1, version - 1) };
    return { event: `update_${names[collection]}`, payload, wrong: ["$conflict", "$not_found"] };
  },

  delete(random, collection, board) {
    const { id } = random.pick([...board[collection].values()]).key;
    return { event: `delete_${names[collection]}`, payload: { id } };
  },

  invalid(random, _collection, _board, marker) {
    const [move, plan] = [fields.exercise_moves(random, marker), fields.workout_plans(random, marker, [])];
    const [event, payload, ...wrong] = random.pick([
      ["new_coach", { ...fields.coaches(random, marker), age: 17 }, "age"],
      ["new_exercise_move", { ...move, description: "short" }, "description"],
      ["new_exercise_move", { ...move, salary: 9 }, "salary"],
      ["new_workout_plan", plan, "exercise_moves"],
      ["new_workout_plan", { ...plan, exercise_moves: [{ id: nobody }] }, "exercise_moves.0.id"],
      ["update_coach", { id: nobody, name: marker }, "$not_found"],
      ["delete_exercise_move", { id: nobody }, "$not_found"],
    ]);
    return { event, payload, wrong };
  },
};

const fields = {
  coaches: (random, name) => ({ name, age: random.between(18, 120), picture: link }),
  exercise_moves: (random, name) => ({
    name,
    focus: random.pick(["Legs", "Back", "Core"]),
    description: `As hard as ${random.between(1, 1000)} of them.`,
    video_link: link,
  }),
  workout_plans: (random, name, moves) => ({
    name,
    difficulty: random.pick(["Easy", "Hard"]),
    description: `For ${random.between(1, 1000)} days in a row.`,
    exercise_moves: Array.from({ length: moves.length && random.between(1, 4) }, () => ({ id: random.pick(moves) })),
  }),
};
