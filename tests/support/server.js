// A server for one test: the built program, a folder and a free port.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openSocket } from "./socket.js";
import { TIMEOUT, withTimeout } from "./wait.js";

// Not with `new URL`, which Vite takes for an asset of a page.
const here = dirname(fileURLToPath(import.meta.url));
const planner = process.env.ROWCAST_PROGRAM ?? join(here, "../../target/debug/planner");

// `program` is another one than the planner, with `command` before its settings, and `cwd` the folder it runs in.
// `sample` is null for a program that has no sample data. `startTimeout` is in milliseconds.
export async function startServer(test, options = {}) {
  const { program = planner, command = [], cwd, sample = "always", settings = [], env: more = {}, log = "inherit", startTimeout = TIMEOUT } = options;
  const folder = await mkdtemp(join(tmpdir(), "rowcast-js-"));
  const database = options.database ?? `sqlite://${join(folder, "gym.db")}`;
  let child;
  let port = 0;
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^ROWCAST_|^DATABASE_URL$/.test(name)),
  );

  async function start() {
    const own = [...command, "--bind", `127.0.0.1:${port}`, "--database-url", database, ...(sample ? ["--sample-data", sample] : [])];
    child = spawn(program, [...own, ...settings], { cwd, stdio: ["ignore", "pipe", log], env: { ...clean, ...more } });
    const ended = once(child, "exit").then(([code, signal]) => `the server ended with ${code ?? signal}`);
    const listening = once(createInterface(child.stdout), "line");
    const first = await withTimeout(Promise.race([listening, ended]), "the server to listen", startTimeout);
    if (typeof first === "string") throw new Error(first);
    port = Number(new URL(first[0].split(" ").at(-1)).port);
  }

  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = await withTimeout(ended, "the server to end");
    return code;
  }

  test.after(async () => {
    if (child) await end("SIGKILL");
    await rm(folder, { recursive: true });
  });
  // A server that needs a sign-in gives the sample users no known passwords, so the sample data is created beforehand.
  if (sample === "always" && settings.includes("--access")) await run(["seed"]);
  await start();

  // Runs another command of the program on the same database.
  async function run(args, input = "") {
    const command = spawn(program, [...args, "--database-url", database], { stdio: ["pipe", "ignore", log], env: clean });
    command.stdin.end(input);
    const [code] = await withTimeout(once(command, "exit"), `planner ${args.join(" ")}`);
    if (code !== 0) throw new Error(`planner ${args.join(" ")} ended with ${code}`);
  }

  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    database,
    run,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    pid: () => child.pid,
    // The exit status, or null while the server runs.
    status: () => child.exitCode ?? child.signalCode,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    start,
    open: (options) => openSocket(test, url, options),
  };
}
