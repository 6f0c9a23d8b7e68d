// What the servers keep everything in, where it can be crashed, and what is in it, past all servers.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withTimeout } from "@rowcast/test-support";

const run = promisify(execFile);
const most = { maxBuffer: 1 << 28 };
// Another program does not wait for a lock for ever.
const env = { ...process.env, PGOPTIONS: "-c lock_timeout=5s", PGCONNECT_TIMEOUT: "5" };

// A file, which cannot be crashed apart from its server.
export function sqlite(folder) {
  const file = join(folder, "gym.db");
  const read = `
import json, sqlite3, sys
found = sqlite3.connect(sys.argv[1])
found.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in found.execute(sys.argv[2])]))`;
  // All or nothing; what is to be held is held before the end.
  const write = `
import json, sqlite3, sys, time
file = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
file.execute("pragma foreign_keys = on")
file.execute("begin immediate")
for sql in json.loads(sys.argv[2]): file.execute(sql)
time.sleep(float(sys.argv[3]))
file.execute("commit")`;
  const copy = `
import sqlite3, sys
source, target = sqlite3.connect(sys.argv[1], timeout=10), sqlite3.connect(sys.argv[2], timeout=10)
source.backup(target)`;
  const python = (program, ...args) => run("python3", ["-c", program, ...args], most);
  return {
    kind: "sqlite",
    url: `sqlite://${file}`,
    up: true,
    select: async (sql, { backup } = {}) => JSON.parse((await python(read, backup ? `${file}.backup` : file, sql)).stdout),
    execute: (statements, { backup } = {}) => python(write, backup ? `${file}.backup` : file, JSON.stringify(statements), "0"),
    hold: (_, seconds) => python(write, file, "[]", `${seconds}`),
    backup: () => python(copy, file, `${file}.backup`),
    restore: () => python(copy, `${file}.backup`, file),
  };
}

// A private cluster. It ends with its standard input, so with this process whichever way that ends.
export async function postgres(test) {
  const script = fileURLToPath(new URL("../../scripts/postgres", import.meta.url));
  const child = spawn(script, ["-c", "wal_level=logical"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (what) => (await withTimeout(lines.next(), what)).value;
  const url = await line("PostgreSQL to start");
  test.after(async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await withTimeout(ended, "PostgreSQL to end");
  });

  const psql = (args, database) => {
    const to = new URL(url);
    if (database) to.pathname = `/${database}`;
    return run("psql", ["--no-psqlrc", "--quiet", "-At", "-v", "ON_ERROR_STOP=1", ...args, to.href], { ...most, env });
  };
  const each = (statements) => statements.flatMap((sql) => ["-c", sql]);
  const database = {
    kind: "postgres",
    url,
    direct: url,
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
    async select(sql, { database } = {}) {
      const json = `select coalesce(json_agg(found), '[]') from (${sql}) as found`;
      return JSON.parse((await psql(["-c", json], database)).stdout);
    },
    // All or nothing, but for what cannot be in a transaction.
    execute: (statements, { alone, database } = {}) => psql([...(alone ? [] : ["-1"]), ...each(statements)], database),
    hold: (lock, seconds) => psql(["-1", ...each([lock, `select pg_sleep(${seconds})`])]),
  };
  return database;
}
