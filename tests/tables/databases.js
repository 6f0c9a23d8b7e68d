// Databases of tests, and another program that uses them past the server.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { database } from "@rowcast/test-support/postgres";
import { makeFolder } from "./program.js";

const run = promisify(execFile);

const python = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=20)
database.execute("pragma foreign_keys = on")
if sys.argv[2] == "read":
    for row in database.execute(sys.argv[3]): print("|".join(str(value) for value in row))
else:
    database.executescript("begin immediate;" + sys.argv[3] + ";commit")
database.close()`;

// `execute` runs statements in a transaction; `read` gives the lines of a query, their values separated by `|`; `schema`
// gives the definitions of all that is in it.
export function sqlite(folder) {
  const file = join(folder, "rowcast.db");
  const sql = async (mode, text) => (await run("python3", ["-c", python, file, mode, text])).stdout;
  const read = async (text) => split(await sql("read", text));
  return {
    url: `sqlite://${file}`,
    execute: (text) => sql("write", text),
    read,
    schema: () => read("select type, name, tbl_name, sql from sqlite_master order by type, name"),
  };
}

async function postgres() {
  const url = await database();
  const settings = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
  const sql = async (text) => (await run("psql", [...settings, `--command=${text}`, url])).stdout;
  return {
    url,
    execute: sql,
    read: async (text) => split(await sql(text)),
    // Some versions of pg_dump print a random word.
    schema: async () => split((await run("pg_dump", ["--schema-only", url])).stdout).filter((line) => !/^\\(un)?restrict /.test(line)),
  };
}

const split = (text) => text.split("\n").filter(Boolean);

// Defines tests for each of both; `make` gives a test an empty folder and an empty database.
export function onBoth(define) {
  define("sqlite", async (test) => {
    const folder = await makeFolder(test);
    return { folder, database: sqlite(folder) };
  });
  define("postgres", async (test) => ({ folder: await makeFolder(test), database: await postgres() }));
}
