// A server of its own for each test: the built program, a folder, a free port. All of it goes with the test. It `begins` within
// so many milliseconds.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

export { io };

const program =
  process.env.ROWCAST_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/planner", import.meta.url));

// How long anything may take; far beyond what a loaded machine needs.
export const patience = 20_000;

export const collections = ["coaches", "workout_plans", "exercise_moves", "schedules"];

export async function serve(test, { sample = "always", database, settings = [], env: more = {}, log = "inherit", begins = patience } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-js-"));
  database ??= `sqlite://${join(folder, "gym.db")}`;
  let child;
  let port = 0;
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^ROWCAST_|^DATABASE_URL$/.test(name)),
  );

  async function start() {
    const own = ["--bind", `127.0.0.1:${port}`, "--database-url", database, "--sample-data", sample];
    child = spawn(program, [...own, ...settings], { stdio: ["ignore", "pipe", log], env: { ...clean, ...more } });
    const ended = once(child, "exit").then(([code, signal]) => `the server ended with ${code ?? signal}`);
    const listening = once(createInterface(child.stdout), "line");
    const first = await within(Promise.race([listening, ended]), "the server to listen", begins);
    if (typeof first === "string") throw new Error(first);
    port = Number(new URL(first[0].split(" ").at(-1)).port);
  }

  async function end(signal) {
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = await within(ended, "the server to end");
    return code;
  }

  test.after(async () => {
    if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
    await rm(folder, { recursive: true });
  });
  // Where signing in is needed the gym is planted beforehand: such a server gives it no passwords that everybody knows.
  if (sample === "always" && settings.includes("--access")) await run(["seed"]);
  await start();

  // Another command of the program on the same database, which reads what it asks for from its standard input.
  async function run(args, input = "") {
    const command = spawn(program, [...args, "--database-url", database], { stdio: ["pipe", "ignore", log], env: clean });
    command.stdin.end(input);
    const [code] = await within(once(command, "exit"), `planner ${args.join(" ")}`);
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
    // Nothing while it lives.
    status: () => child.exitCode ?? child.signalCode,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    start,
    open: (options) => open(test, url, options),
  };
}

// A front end: one socket, and the collections as they were last sent, like a store in a page.
export function open(test, url, options = {}) {
  const socket = io(url, { transports: ["websocket"], reconnectionDelay: 20, reconnectionDelayMax: 100, ...options });
  test.after(() => socket.disconnect());
  const store = {};
  for (const collection of collections) socket.on(collection, (rows) => (store[collection] = rows));
  const ask = (event, ...payload) => socket.timeout(patience).emitWithAck(event, ...payload);
  const has = (what, so) => until(socket, () => collections.every((name) => store[name]) && so(store), what);
  return { socket, store, ask, has };
}

// The next time that the socket says so.
export const heard = (socket, event) =>
  within(new Promise((resolve) => socket.once(event, resolve)), `the event ${event}`);

// Resolves once the condition holds; looks again whenever anything arrives.
export function until(socket, so, what) {
  const holds = new Promise((resolve) => {
    const look = () => {
      if (!so()) return;
      socket.offAny(later);
      resolve();
    };
    // The store's own listener comes after this one.
    const later = () => queueMicrotask(look);
    socket.onAny(later);
    look();
  });
  return within(holds, what);
}

export function within(promise, what, time = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), time);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
