// Updates that were refused because somebody else's came first, until somebody decides.

import { patch } from "./effects.ts";
import type { Pending, Row } from "./pending.ts";
import type { Store } from "./store.ts";
import type { Conflict, Write } from "./types.ts";

export function createConflicts(store: Store, again: (collection: string, changes: any) => Write<any>) {
  let list: readonly Conflict[] = [];

  function to(next: readonly Conflict[]): void {
    list = next;
    store.listeners.mark();
  }

  return {
    list: () => list,
    clear: () => to([]),

    add({ collection, id, requestId, values, base: on }: Pending, theirs: Row): Conflict {
      const { id: _, version, ...changes } = values;
      const base = on?.version === version ? on : undefined;
      const mine = patch(base ?? theirs, changes, store.part(collection).nests, store.row);
      const others = () => list.filter((one) => one.requestId !== requestId);
      const conflict: Conflict = {
        ...{ collection, id, requestId, base, mine, theirs, changes },
        keepMine() {
          to(others());
          return again(collection, { ...changes, id, version: (store.part(collection).base.get(id) ?? theirs).version });
        },
        keepTheirs: () => to(others()),
      };
      to([...list, conflict]);
      return conflict;
    },

    /** A row has moved on again: whoever decides sees it as it stands. */
    moved(collection: string, row: Row): void {
      const stale = (one: Conflict) => one.collection === collection && one.id === row.id;
      if (list.some(stale)) to(list.map((one) => (stale(one) ? { ...one, theirs: row } : one)));
    },
  };
}
