// The servers: each can be killed and frozen, and comes back at the same address.

import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TIMEOUT, startServer } from "@rowcast/test-support";

const counters = {
  resumed: /^rowcast_live_resumed_total\{with="changes"\} (\d+)/m,
  "not resumed": /^rowcast_live_resumed_total\{with="snapshots"\} (\d+)/m,
  folded: /^rowcast_live_coalesced_total (\d+)/m,
};
const repeated = /^rowcast_events_total\{.*outcome="repeated".*\} (\d+)/gm;

// A server waits with its start for as long as a file is `held`, in seconds.
export async function start(test, { name, folder, database, program, command, cwd, settings, env, held }) {
  const file = join(folder, `${name}.log`);
  const server = await startServer(test, { program, command, cwd, sample: null, database: database.url, settings, env, log: openSync(file, "a"), startTimeout: TIMEOUT + held * 1000 });
  return new Node(name, file, server);
}

class Node {
  #server;
  #file;
  // What this life of the server has counted, and all before it.
  #counted = {};
  #before = {};
  up = true;
  // A fault is being injected.
  busy = false;

  constructor(name, file, server) {
    [this.name, this.#file, this.#server] = [name, file, server];
    this.url = server.url;
    this.port = Number(new URL(server.url).port);
  }

  async kill() {
    await this.measure();
    this.check();
    this.up = false;
    await this.#server.kill();
    this.#before = this.counted();
    this.#counted = {};
  }

  async start() {
    await this.#server.start();
    this.up = true;
  }

  // It ends when it is killed, and not before.
  check() {
    const status = this.#server.status();
    if (status !== null) throw new Error(`${this.name} ended by itself: ${status}`);
  }

  freeze() {
    this.#server.pause();
  }

  thaw() {
    this.#server.resume();
  }

  // What it has counted by now; a life that ends without being asked takes the rest with it.
  async measure() {
    try {
      const page = await (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(300) })).text();
      for (const [name, line] of Object.entries(counters)) this.#counted[name] = Number(line.exec(page)?.[1] ?? 0);
      this.#counted.repeated = [...page.matchAll(repeated)].reduce((sum, [, count]) => sum + Number(count), 0);
    } catch {
      // It does not answer just now.
    }
  }

  counted() {
    const names = [...Object.keys(counters), "repeated"];
    return Object.fromEntries(names.map((name) => [name, (this.#before[name] ?? 0) + (this.#counted[name] ?? 0)]));
  }

  log() {
    return readFileSync(this.#file, "utf8");
  }
}
