// A server of its own for each test: the built program, a folder, a free port. All of it goes with the test.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { createClient, memoryTokens, type Client, type ClientOptions } from "../../src/index.ts";
import { remoteEdits } from "../../src/remote-edits.ts";
import { schema, type Collections } from "../../../api-schema/generated/schema.ts";
import { within } from "./until.ts";

// Not by `new URL`, which Vite takes for a file of the page's.
const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.ROWCAST_PROGRAM ?? join(here, "../../../target/debug/planner");

export type Gym = Client<Collections>;

export interface Server {
  url: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  open(options?: ClientOptions): Gym;
}

export async function serve(settings: string[] = [], sample = "always"): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-client-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ROWCAST_|^DATABASE_URL$/.test(name)));
  let child: ChildProcess;
  let port = 0;

  async function start() {
    const own = ["--bind", `127.0.0.1:${port}`, "--database-url", `sqlite://${join(folder, "gym.db")}`];
    child = spawn(program, [...own, "--sample-data", sample, ...settings], { stdio: ["ignore", "pipe", "inherit"], env });
    const ended = once(child, "exit").then(([code, signal]) => `the server ended with ${code ?? signal}`);
    const line = once(createInterface(child.stdout!), "line");
    const first = await within(Promise.race([line, ended]), "the server to listen");
    if (typeof first === "string") throw new Error(first);
    port = Number(new URL(String(first[0]).split(" ").at(-1)!).port);
  }
  async function end(signal: NodeJS.Signals) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await within(ended, "the server to end");
  }
  onTestFinished(async () => {
    await end("SIGKILL");
    await rm(folder, { recursive: true });
  });
  // Where signing in is needed the gym is planted beforehand: such a server gives it no passwords that everybody knows.
  if (sample === "always" && settings.includes("--access")) {
    const seed = spawn(program, ["seed", "--database-url", `sqlite://${join(folder, "gym.db")}`], { stdio: "inherit", env });
    await within(once(seed, "exit"), "the gym to be planted");
  }
  await start();

  const url = `http://127.0.0.1:${port}`;
  return { url, start, stop: () => end("SIGTERM"), kill: () => end("SIGKILL"), open: (options) => open(url, options) };
}

/** A page of the gym; it comes back quickly, so that tests need not wait. */
export function open(url: string, options: ClientOptions = {}): Gym {
  const socket = { reconnectionDelay: 20, reconnectionDelayMax: 100, ...options.socket };
  const client = createClient(schema, { url, tokens: memoryTokens(), remoteEdits: remoteEdits(), ...options, socket });
  onTestFinished(() => client.close());
  return client;
}
