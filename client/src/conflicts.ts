// Updates that were refused because somebody else's came first, until somebody decides.

import { patch, type Look } from "./effects.ts";
import type { Pending, Row } from "./pending.ts";
import type { Conflict, Nest, Write } from "./types.ts";

export class Conflicts {
  list: readonly Conflict[] = [];
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  add(p: Pending, theirs: Row, nests: Record<string, Nest>, look: Look, again: (changes: any) => Write<any>): Conflict {
    const { id: _, version, ...changes } = p.values;
    const { collection, requestId, id } = p;
    const base = p.base?.version === version ? p.base : undefined;
    const conflict: Conflict = {
      collection,
      id,
      requestId,
      base,
      mine: patch(base ?? theirs, changes, nests, look),
      theirs,
      changes,
      keepMine: () => {
        const now = this.list.find((one) => one.requestId === requestId)?.theirs ?? theirs;
        this.#drop(requestId);
        return again({ ...changes, id, version: now.version });
      },
      keepTheirs: () => this.#drop(requestId),
    };
    this.list = [...this.list, conflict];
    this.#changed();
    return conflict;
  }

  /** A row has moved on again: whoever decides sees it as it stands. */
  moved(collection: string, row: Row): void {
    const stale = (one: Conflict) => one.collection === collection && one.id === row.id && one.theirs.version <= row.version;
    if (this.list.some(stale)) this.list = this.list.map((one) => (stale(one) ? { ...one, theirs: row } : one));
  }

  clear(): void {
    this.list = [];
  }

  #drop(requestId: string): void {
    this.list = this.list.filter((one) => one.requestId !== requestId);
    this.#changed();
  }
}
