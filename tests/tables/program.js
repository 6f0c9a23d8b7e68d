// The program `rowcast` in a folder of a test, and the lines that it prints.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TIMEOUT, openSocket, withTimeout } from "@rowcast/test-support";

const program = process.env.ROWCAST_CLI ?? fileURLToPath(new URL("../../target/debug/rowcast", import.meta.url));

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ROWCAST_|^DATABASE_URL$/.test(name)));
const env = { ...clean, ROWCAST_LOG: "warn" };

// How to end the programs in each folder, which are to be gone before it is.
const ends = new Map();

export async function makeFolder(test) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-tables-"));
  ends.set(folder, []);
  test.after(async () => {
    for (const end of ends.get(folder)) await end();
    await rm(folder, { recursive: true });
  });
  return folder;
}

// Runs a command to its end.
export const run = (folder, ...args) => runWith("", folder, ...args);

// The same, with a text on standard input.
export const runWith = (input, folder, ...args) =>
  new Promise((resolve) => {
    const options = { cwd: folder, env, maxBuffer: 64 << 20, timeout: TIMEOUT };
    const ended = (error, out, err) => resolve({ code: error ? (error.code ?? error.signal) : 0, out, err });
    const { stdin } = execFile(program, args, options, ended);
    // The program may have ended without reading it.
    stdin.on("error", () => {});
    stdin.end(input);
  });

// Runs a command whose output nobody reads beyond the first piece of it.
export async function endsEarly(folder, ...args) {
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "close");
  return { code, err };
}

// Starts `serve` or `dev`. `line` gives the next line that is like a pattern, `log` what is on standard error.
export function launch(folder, ...args) {
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
    process.stderr.write(text);
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  async function end(signal) {
    child.kill(signal);
    const [code] = await withTimeout(ended, "rowcast to end");
    return code;
  }
  ends.get(folder).push(() => end("SIGKILL"));
  return {
    async line(pattern) {
      for (;;) {
        const { value, done } = await withTimeout(lines.next(), `a line like ${pattern}`);
        if (done) throw new Error(`rowcast ended without a line like ${pattern}`);
        if (pattern.test(value)) return value;
      }
    },
    log: () => log,
    stop: () => end("SIGTERM"),
  };
}

// The same, once it listens. After `stop` it can be started again, at the same address.
export async function start(test, folder, ...args) {
  let launched;
  let port = 0;
  async function begin() {
    launched = launch(folder, ...args, "--bind", `127.0.0.1:${port}`);
    port = Number(new URL((await launched.line(/ is listening on /)).split(" ").at(-1)).port);
  }
  await begin();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    start: begin,
    line: (pattern) => launched.line(pattern),
    stop: () => launched.stop(),
    open: (options) => openSocket(test, url, options),
  };
}
