// The planner's collections, read whole, and the one write that is measured.

const COACH = "id, name, age, picture, username, version";
const MOVE = "id, name, focus, description, video_link, version";

// In the order in which they are sent.
export const collections = {
  coaches: (database) => database.all(`select ${COACH} from coaches order by id`),
  workout_plans: workoutPlans,
  exercise_moves: (database) => database.all(`select ${MOVE} from exercise_moves order by id`),
  schedules,
};

async function workoutPlans(database) {
  const plans = await database.all("select id, name, difficulty, description, version from workout_plans order by id");
  const parts = await database.all(
    `select p.workout_plan_id as plan, m.id, m.name, m.focus, m.description, m.video_link, m.version
     from workout_plan_moves p join exercise_moves m on m.id = p.exercise_move_id
     order by p.workout_plan_id, p.position`,
  );
  const moves = new Map(plans.map((plan) => [plan.id, []]));
  for (const { plan, ...move } of parts) moves.get(plan).push(move);
  return plans.map(({ version, ...plan }) => ({ ...plan, exercise_moves: moves.get(plan.id), version }));
}

async function schedules(database) {
  const rows = await database.all(
    `select s.id, s.day, s.hour, s.version, c.id as coach_id, c.name as coach_name,
       p.id as plan_id, p.name as plan_name, p.difficulty as plan_difficulty
     from schedules s join coaches c on c.id = s.coach_id join workout_plans p on p.id = s.workout_plan_id
     order by s.id`,
  );
  return rows.map((row) => ({
    id: row.id,
    day: row.day,
    hour: row.hour,
    coach: { id: row.coach_id, name: row.coach_name },
    workout_plan: { id: row.plan_id, name: row.plan_name, difficulty: row.plan_difficulty },
    version: row.version,
  }));
}

// Gives the row as `data`, or what is wrong as `errors`, by field.
export async function updateCoach(database, { id, name, age, picture, username }) {
  const errors = check({ name, age: Number(age), picture });
  if (Object.keys(errors).length > 0) return { errors };
  const [data] = await database.all(
    `update coaches set name = $1, age = $2, picture = $3, username = $4, version = version + 1
     where id = $5 returning ${COACH}`,
    name,
    Number(age),
    picture,
    username,
    id,
  );
  return data ? { data } : { errors: { $not_found: "no such coach" } };
}

function check({ name, age, picture }) {
  const errors = {};
  if (!(name?.length >= 2 && name.length <= 40)) errors.name = "must be 2 to 40 characters long";
  if (!(Number.isInteger(age) && age >= 18 && age <= 120)) errors.age = "must be from 18 to 120";
  if (!/^https?:\/\/./.test(picture)) errors.picture = "must be an http or https address";
  return errors;
}
