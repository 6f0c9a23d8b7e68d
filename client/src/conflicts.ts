// Updates that were refused because somebody else's came first, until somebody decides.

import { patch, type Look } from "./effects.ts";
import type { Pending, Row } from "./pending.ts";
import type { Conflict, Nest, Write } from "./types.ts";

export function createConflicts(changed: () => void) {
  let list: readonly Conflict[] = [];

  function drop(requestId: string): void {
    list = list.filter((one) => one.requestId !== requestId);
    changed();
  }

  return {
    list: () => list,
    clear: () => void (list = []),

    add({ kept, base }: Pending, theirs: Row, nests: Record<string, Nest>, look: Look, again: (changes: any) => Write<any>): Conflict {
      const { collection, requestId, id } = kept;
      const { id: _, version, ...changes } = kept.values;
      const conflict: Conflict = {
        collection,
        id,
        requestId,
        base: base?.version === version ? base : undefined,
        mine: patch(base?.version === version ? base! : theirs, changes, nests, look),
        theirs,
        changes,
        keepMine() {
          const { version } = list.find((one) => one.requestId === requestId)?.theirs ?? theirs;
          drop(requestId);
          return again({ ...changes, id, version });
        },
        keepTheirs: () => drop(requestId),
      };
      list = [...list, conflict];
      return conflict;
    },

    /** A row has moved on again: whoever decides sees it as it stands. */
    moved(collection: string, row: Row): void {
      const stale = (one: Conflict) => one.collection === collection && one.id === row.id;
      if (list.some(stale)) list = list.map((one) => (stale(one) ? { ...one, theirs: row } : one));
    },
  };
}
