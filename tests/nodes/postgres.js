// PostgreSQL: the cluster that ROWCAST_TEST_POSTGRES names, or a private one of this process; a database for each test;
// and a way to it that can be cut, and one around the nodes.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { within } from "../clients/javascript/server.js";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../scripts/postgres", import.meta.url));

const shared = process.env.ROWCAST_TEST_POSTGRES;
const made = [];
let cluster = shared;
let own;

export async function database() {
  cluster ??= await start();
  const name = `rowcast_nodes_${process.pid}_${made.length}`;
  await run("createdb", [`--maintenance-db=${cluster}`, name]);
  made.push(name);
  const url = new URL(cluster);
  url.pathname = name;
  return url.href;
}

// It ends with its standard input, so with this process whichever way that ends.
async function start() {
  own = spawn(script, { stdio: ["pipe", "pipe", "inherit"] });
  const [url] = await within(once(createInterface(own.stdout), "line"), "PostgreSQL to start");
  return url;
}

// A private cluster goes as a whole.
after(async () => {
  if (shared) {
    for (const name of made) await run("dropdb", ["--force", `--maintenance-db=${shared}`, name]);
  } else if (own) {
    const ended = once(own, "exit");
    own.stdin.end();
    await within(ended, "PostgreSQL to end");
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
      const { value, done } = await within(lines.next(), statement);
      if (done) throw new Error(`psql ended: ${statement}`);
      if (value === "done") return printed.join("\n");
      printed.push(value);
    }
  };
}

// Another address of the same database. While it is cut, what is open is closed and nothing new is let through.
export async function way(test, url) {
  const { hostname, port } = new URL(url);
  const connections = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(port || 5432, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      connections.add(one);
      one.on("error", () => other.destroy()).on("close", () => connections.delete(one) && other.destroy()).pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  test.after(() => {
    server.close();
    cut();
  });
  function cut() {
    whole = false;
    for (const one of connections) one.destroy();
  }
  const here = new URL(url);
  here.host = `127.0.0.1:${server.address().port}`;
  return { url: here.href, cut, mend: () => (whole = true) };
}
