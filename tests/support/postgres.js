// PostgreSQL: the cluster that ROWCAST_TEST_POSTGRES names, or a private one of this process; a database for each test;
// and a way to it that can be cut, and one around the nodes.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { after } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRelay } from "./relay.js";
import { withTimeout } from "./wait.js";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../scripts/postgres", import.meta.url));

const shared = process.env.ROWCAST_TEST_POSTGRES;
const made = [];
let cluster = shared;
let own;

export async function database() {
  cluster ??= await start();
  const name = `rowcast_js_${process.pid}_${made.length}`;
  await run("createdb", [`--maintenance-db=${cluster}`, name]);
  made.push(name);
  const url = new URL(cluster);
  url.pathname = name;
  return url.href;
}

// It ends with its standard input, so with this process whichever way that ends.
async function start() {
  own = spawn(script, { stdio: ["pipe", "pipe", "inherit"] });
  const [url] = await withTimeout(once(createInterface(own.stdout), "line"), "PostgreSQL to start");
  return url;
}

// A private cluster goes as a whole.
after(async () => {
  if (shared) {
    for (const name of made) await run("dropdb", ["--force", `--maintenance-db=${shared}`, name]);
  } else if (own) {
    const ended = once(own, "exit");
    own.stdin.end();
    await withTimeout(ended, "PostgreSQL to end");
  }
});

// A connection of its own, for statements. Each gives what it prints.
export async function session(test, url) {
  const child = spawn("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  test.after(() => child.stdin.end());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (statement) => {
    child.stdin.write(`${statement};\n\\echo done\n`);
    const printed = [];
    for (;;) {
      const { value, done } = await withTimeout(lines.next(), statement);
      if (done) throw new Error(`psql ended: ${statement}`);
      if (value === "done") return printed.join("\n");
      printed.push(value);
    }
  };
}

// Another address of the same database. While it is cut, open connections are closed and new ones are refused.
export async function databaseRelay(test, url) {
  let whole = true;
  const relay = await startRelay(test, url, { accept: () => whole });
  const relayed = new URL(url);
  relayed.host = new URL(relay.url).host;
  const cut = () => {
    whole = false;
    relay.closeAll();
  };
  return { url: relayed.href, cut, mend: () => (whole = true) };
}
