// What other programs note of what they did, in SQL: the row as clients are to be shown it.

// The columns that clients are shown, plans apart.
const columns = {
  coaches: ["id", "name", "age", "picture", "username", "version"],
  exercise_moves: ["id", "name", "focus", "description", "video_link", "version"],
  workout_plans: ["id", "name", "difficulty", "description", "version"],
};

// Where they are kept.
export const tables = {
  postgres: "create table if not exists chaos_notes (n bigint generated always as identity, marker text, kind text, collection text, id bigint, row text)",
  sqlite: "create table if not exists chaos_notes (n integer primary key, marker text, kind text, collection text, id integer, row text)",
};

// How a row is noted as it is then; a deletion, just before it.
export function note(database, { marker, kind, collection, id }) {
  const row = kind === "delete" ? "'{}'" : shown(database, collection);
  const values = `'${marker}', '${kind}', '${collection}', id, ${row}`;
  return `insert into chaos_notes (marker, kind, collection, id, row) select ${values} from ${collection} where id = ${id}`;
}

// The row in JSON, by the database.
function shown(kind, collection) {
  const object = kind === "postgres" ? "json_build_object" : "json_object";
  const fields = columns[collection].map((column) => `'${column}', ${column}`);
  if (collection === "workout_plans") fields.push(`'exercise_moves', ${links(kind)}`);
  const json = `${object}(${fields.join(", ")})`;
  return kind === "postgres" ? `${json}::text` : json;
}

function links(kind) {
  const from = "from workout_plan_moves where workout_plan_id = workout_plans.id";
  return kind === "postgres"
    ? `(select json_agg(json_build_object('id', exercise_move_id) order by position) ${from})`
    : `(select json_group_array(json_object('id', exercise_move_id)) from (select exercise_move_id ${from} order by position))`;
}
