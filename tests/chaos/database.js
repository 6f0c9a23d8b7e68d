// What the servers keep everything in, where it can be crashed, and what is in it, past all servers.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { within } from "../clients/javascript/server.js";

const run = promisify(execFile);
const most = { maxBuffer: 1 << 28 };

// A file, which cannot be crashed apart from its server.
export function sqlite(folder) {
  const file = join(folder, "gym.db");
  const read = `
import json, sqlite3, sys
found = sqlite3.connect(sys.argv[1])
found.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in found.execute(sys.argv[2])]))`;
  return {
    url: `sqlite://${file}`,
    up: true,
    select: async (sql) => JSON.parse((await run("python3", ["-c", read, file, sql], most)).stdout),
  };
}

// A private cluster. It ends with its standard input, so with this process whichever way that ends.
export async function postgres(test) {
  const script = fileURLToPath(new URL("../../scripts/postgres", import.meta.url));
  const child = spawn(script, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (what) => (await within(lines.next(), what)).value;
  const url = await line("PostgreSQL to start");
  test.after(async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await within(ended, "PostgreSQL to end");
  });

  const database = {
    url,
    up: true,
    async crash() {
      database.up = false;
      child.stdin.write("stop\n");
      await line("PostgreSQL to crash");
    },
    async recover() {
      child.stdin.write("start\n");
      await line("PostgreSQL to recover");
      database.up = true;
    },
    async select(sql) {
      const json = `select coalesce(json_agg(found), '[]') from (${sql}) as found`;
      const { stdout } = await run("psql", ["--no-psqlrc", "--quiet", "-Atc", json, url], most);
      return JSON.parse(stdout);
    },
  };
  return database;
}

// Every collection as clients should see it, put together from the tables.
export async function table({ select }) {
  const of = (table) => select(`select * from ${table} order by id`);
  const [coaches, moves, plans, schedules] = await Promise.all(
    ["coaches", "exercise_moves", "workout_plans", "schedules"].map(of),
  );
  const links = await select("select * from workout_plan_moves order by workout_plan_id, position");
  const byId = new Map(moves.map((move) => [move.id, move]));
  const shown = (plan) => links.filter((link) => link.workout_plan_id === plan.id);
  return {
    coaches: coaches.map(({ password_hash: _, ...coach }) => coach),
    exercise_moves: moves,
    workout_plans: plans.map((plan) => ({
      ...plan,
      exercise_moves: shown(plan).map((link) => byId.get(link.exercise_move_id)),
    })),
    schedules,
  };
}
