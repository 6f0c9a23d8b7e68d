// What happens to servers, databases and pages while clients write.

import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

// How long until the next of its kind on average, in milliseconds.
const often = {
  ...{ kill: 2500, freeze: 4000, crash: 4000, leave: 2000, hold: 3000, clock: 1500 },
  ...{ foreign: 300, import: 1500, replicate: 700, load: 900, subscription: 700 },
};

// All there are; `restore` comes in the quiet after the others. Some need PostgreSQL, and some need the file.
export const known = [...Object.keys(often), "restore"];
const only = {
  postgres: ["crash", "replicate", "load", "subscription"],
  sqlite: ["restore"],
};
// What happens if nothing is named. A subscription takes time of its own, and is for long runs.
const usual = known.filter((fault) => fault !== "subscription");

/** Which faults happen to this database, and to what is served. */
export const chosen = (asked, { kind }, { faults }) =>
  (asked ?? usual).filter((fault) => faults(fault) && Object.entries(only).every(([of, some]) => of === kind || !some.includes(fault)));

export class Faults {
  #over = new AbortController();
  #running;

  constructor({ faults, nodes, database, pages, faultLog, random, foreign, subscription, clocks, seconds }) {
    setMaxListeners(0, this.#over.signal);
    // For twice as long as something was held, nothing is.
    const rest = { hold: 2000 * seconds };
    const again = async (name, happen) => {
      const chance = random(name);
      for (;;) {
        if (!(await this.#wait((rest[name] ?? 0) + often[name] * (0.4 + 1.2 * chance.number())))) return;
        await happen(chance);
      }
    };
    const free = (chance) => {
      const candidates = nodes.filter((node) => node.up && !node.busy);
      return candidates.length > 0 ? chance.pick(candidates) : undefined;
    };

    const kill = async (chance) => {
      const node = free(chance);
      if (!node) return;
      node.busy = true;
      faultLog.fault("kill", node.name);
      await node.kill();
      await this.#wait(chance.between(0, 800));
      await back(node, database, faultLog);
      node.busy = false;
    };
    const freeze = async (chance) => {
      const node = free(chance);
      if (!node) return;
      node.busy = true;
      faultLog.fault("freeze", node.name);
      node.freeze();
      await this.#wait(chance.between(100, 2200));
      node.thaw();
      faultLog.count("thaw");
      node.busy = false;
    };
    const crash = async (chance) => {
      faultLog.fault("crash", "of the database");
      await database.crash();
      await this.#wait(chance.between(0, 1500));
      await database.recover();
      faultLog.fault("recovery", "of the database");
    };
    // Long enough for a server to forget what the page has missed, now and then.
    const leave = async (chance) => {
      const page = chance.pick(pages);
      faultLog.fault("leave", page.name);
      page.socket.disconnect();
      await this.#wait(chance.between(100, 4000));
      page.socket.connect();
    };
    const clock = async (chance) => {
      const { name } = chance.pick(nodes);
      faultLog.fault("clock", `of ${name} set to ${clocks.jump(name, chance)}`);
    };
    // Another program that cannot get at the database tries something else later.
    const other = (name, work) => async (chance) => {
      if (!database.up) return;
      faultLog.fault(name);
      await work(chance);
    };
    const happen = {
      ...{ kill, freeze, crash, leave, clock },
      hold: (chance) => database.up && foreign.hold(chance, seconds),
      foreign: other("foreign", (chance) => foreign.write(chance)),
      import: other("import", (chance) => foreign.import(chance)),
      replicate: other("replicate", (chance) => foreign.replicate(chance)),
      load: other("load", (chance) => foreign.load(chance)),
      subscription: (chance) => database.up && subscription.write(chance),
    };
    const going = Object.entries(happen).filter(([name]) => faults.includes(name));
    this.#running = Promise.all(going.map(([name, happen]) => again(name, happen)));
    // A failure is reported while the run waits for calm.
    this.#running.catch((error) => faultLog.violation(error.message));
  }

  // Ends, and mends what is broken just now.
  async calm() {
    this.#over.abort();
    await this.#running;
  }

  // False if it is over.
  async #wait(time) {
    try {
      await pause(time, undefined, { signal: this.#over.signal });
      return true;
    } catch {
      return false;
    }
  }
}

// A server does not start without its database. If that crashes meanwhile, it waits.
async function back(node, database, faultLog) {
  for (;;) {
    while (!database.up) await pause(20);
    try {
      await node.start();
      return faultLog.fault("start", node.name);
    } catch (error) {
      if (database.up) throw error;
    }
  }
}
