// What Node has not got of a browser: IndexedDB, and Web Locks as the standard has them, as far as they are used.

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { afterEach, beforeEach } from "vitest";

class Locks {
  #held = new Set<string>();
  #waiting: { name: string; grant: () => void }[] = [];

  async request(name: string, { ifAvailable = false }, use: (lock: object | null) => Promise<unknown>): Promise<unknown> {
    if (this.#held.has(name)) {
      if (ifAvailable) return use(null);
      await new Promise<void>((grant) => this.#waiting.push({ name, grant }));
    }
    this.#held.add(name);
    try {
      return await use({ name });
    } finally {
      this.#held.delete(name);
      const next = this.#waiting.findIndex((one) => one.name === name);
      if (next >= 0) {
        this.#held.add(name);
        this.#waiting.splice(next, 1)[0]!.grant();
      }
    }
  }
}

/** A browser of its own for each test; without locks it is one that is not on https. */
export function browser({ locks = true } = {}): void {
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory();
    Object.defineProperty(globalThis, "navigator", { value: locks ? { locks: new Locks() } : {}, configurable: true });
  });
  afterEach(() => void Reflect.deleteProperty(globalThis, "navigator"));
}
