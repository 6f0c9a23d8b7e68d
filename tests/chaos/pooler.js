// PgBouncer between the servers and PostgreSQL, in session mode, as Debian ships it.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TIMEOUT, freePort, withTimeout } from "@rowcast/test-support";
import { postgres } from "./database.js";

export async function pooled(test) {
  const database = await postgres(test);
  const folder = await mkdtemp(join(tmpdir(), "rowcast-pgbouncer-"));
  test.after(() => rm(folder, { recursive: true }));
  const { hostname, port: far } = new URL(database.url);
  const port = await freePort();
  await writeFile(join(folder, "users"), '"postgres" ""\n');
  await writeFile(join(folder, "ini"), settings({ hostname, far, port, folder }));
  const user = await whose(folder);

  const child = spawn("setpriv", [...user, program(), "-q", join(folder, "ini")], { stdio: "ignore" });
  test.after(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGKILL")) await withTimeout(ended, "PgBouncer to end");
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const ready = async () => {
    for (const end = Date.now() + TIMEOUT; !answers(url); await pause(50)) {
      if (child.exitCode !== null || Date.now() > end) throw new Error("PgBouncer does not let anything in");
    }
  };
  await ready();
  // After a crash it lets nothing in until it has tried again itself.
  const again = database.recover;
  const recover = async () => {
    await again();
    database.up = false;
    await ready();
    database.up = true;
  };
  return Object.assign(database, { url, recover });
}

const settings = ({ hostname, far, port, folder }) => `[databases]
postgres = host=${hostname} port=${far} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users
logfile = ${folder}/log
pidfile = ${folder}/pid
pool_mode = session
default_pool_size = 80
max_client_conn = 200
server_login_retry = 1
`;

// It refuses root.
async function whose(folder) {
  if (process.getuid() !== 0) return ["--"];
  const [uid, gid] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "postgres"]).toString()));
  for (const one of [folder, join(folder, "users"), join(folder, "ini")]) await chown(one, uid, gid);
  return [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
}

function program() {
  try {
    return execFileSync("sh", ["-c", "PATH=$PATH:/usr/sbin command -v pgbouncer"]).toString().trim();
  } catch {
    throw new Error("PgBouncer is missing: apt-get install pgbouncer");
  }
}

function answers(url) {
  try {
    execFileSync("psql", ["--no-psqlrc", "-Atqc", "select 1", url], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
