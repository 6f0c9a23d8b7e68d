// The servers' clocks, which libfaketime sets while they run. What only counts goes on as it is.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const jumps = ["+0", "+2d", "-2d", "+31d", "-31d", "+400d"];

export class Clocks {
  #folder;

  constructor(folder) {
    this.#folder = folder;
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
