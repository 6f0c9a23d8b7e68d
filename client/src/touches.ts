// Who else changed what, for a page that shows it.

import { get } from "./listeners.ts";
import type { Touch } from "./types.ts";

export interface Authored {
  collection: string;
  id: number;
  version: number | null;
  by: { id: number; name: string } | null;
}

export class Touches {
  #of = new Map<string, Map<number, Touch>>();
  #changed: (collection: string, id: number) => void;

  constructor(changed: (collection: string, id: number) => void) {
    this.#changed = changed;
  }

  get(collection: string, id: number): Touch | undefined {
    return this.#of.get(collection)?.get(id);
  }

  /** A row has come to this version, and not by us. */
  seen(collection: string, id: number, version: number, by?: Touch["by"]): void {
    const of = get(this.#of, collection, () => new Map());
    const before = of.get(id);
    // The author may be told after the change, and of several changes that came as one each author.
    if (before && (version < before.version || (version === before.version && by === undefined))) return;
    const kind = version === 1 ? "created" : "updated";
    const at = before?.version === version ? before.at : Date.now();
    of.set(id, { kind, at, version, ...(by === undefined ? {} : { by }) });
    this.#changed(collection, id);
  }

  authored({ collection, id, version, by }: Authored): void {
    if (version) this.seen(collection, id, version, by);
    else this.forget(collection, id);
  }

  forget(collection: string, id: number): void {
    if (this.#of.get(collection)?.delete(id)) this.#changed(collection, id);
  }

  clear(): void {
    this.#of.clear();
  }
}
