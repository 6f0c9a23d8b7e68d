// The servers' clocks, which libfaketime sets while they run. What only counts goes on as it is.

import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const jumps = ["+0", "+2d", "-2d", "+31d", "-31d", "+400d"];

export class Clocks {
  #folder;

  constructor(folder) {
    this.#folder = folder;
    removeStaleMemory();
  }

  // Called when the servers have ended.
  close() {
    removeStaleMemory();
  }

  // What a server is started with.
  env(name) {
    this.#set(name, "+0");
    return {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.#file(name),
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }

  jump(name, chance) {
    const offset = chance.pick(jumps);
    this.#set(name, offset);
    return offset;
  }

  #set(name, offset) {
    writeFileSync(this.#file(name), `${offset}\n`);
  }

  #file(name) {
    return join(this.#folder, `${name}.clock`);
  }
}

function library() {
  const folders = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/faketime`);
  const found = folders.map((folder) => join(folder, "libfaketimeMT.so.1")).find(existsSync);
  if (!found) throw new Error("libfaketime is missing: apt-get install libfaketime");
  return found;
}

// Removes the shared memory of killed processes. libfaketime names it by the process id, so a process of another user
// with the same id could not start.
function removeStaleMemory() {
  const folder = "/dev/shm";
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const [, owner] = /^(?:faketime_shm_|sem\.faketime_sem_)(\d+)$/.exec(name) ?? [];
    if (!owner || existsSync(`/proc/${owner}`)) continue;
    try {
      rmSync(join(folder, name), { force: true });
    } catch {
      // It belongs to another user.
    }
  }
}
