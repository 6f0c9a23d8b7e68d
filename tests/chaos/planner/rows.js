// The planner's rows as clients should see them, put together from the tables.

// The columns that clients are shown, in SQL; plans apart, in the notes of other programs.
export const columns = ({ kind }, collection) => {
  const own = {
    coaches: ["id", "name", "age", "picture", "username", "version"],
    exercise_moves: ["id", "name", "focus", "description", "video_link", "version"],
    workout_plans: ["id", "name", "difficulty", "description", "version"],
  };
  const all = Object.fromEntries(own[collection].map((column) => [column, column]));
  return collection === "workout_plans" ? { ...all, exercise_moves: links(kind) } : all;
};

function links(kind) {
  const from = "from workout_plan_moves where workout_plan_id = workout_plans.id";
  return kind === "postgres"
    ? `(select json_agg(json_build_object('id', exercise_move_id) order by position) ${from})`
    : `(select json_group_array(json_object('id', exercise_move_id)) from (select exercise_move_id ${from} order by position))`;
}

export async function read({ select }) {
  const of = (table) => select(`select * from ${table} order by id`);
  const [coaches, moves, plans, schedules] = await Promise.all(
    ["coaches", "exercise_moves", "workout_plans", "schedules"].map(of),
  );
  const links = await select("select * from workout_plan_moves order by workout_plan_id, position");
  const byId = new Map(moves.map((move) => [move.id, move]));
  const shown = (plan) => links.filter((link) => link.workout_plan_id === plan.id);
  return {
    coaches: coaches.map(({ password_hash: _, ...coach }) => coach),
    workout_plans: plans.map((plan) => ({
      ...plan,
      exercise_moves: shown(plan).map((link) => byId.get(link.exercise_move_id)),
    })),
    exercise_moves: moves,
    schedules,
  };
}
