// Updates that the server rejected because the row had changed, until they are resolved.

import type { Conflict, Pending, Row, Write } from "./model.ts";
import { patch } from "./optimistic.ts";
import type { Store } from "./store.ts";

export function createConflicts(store: Store, update: (collection: string, changes: any) => Write<any>) {
  let list: readonly Conflict[] = [];

  function set(next: readonly Conflict[]): void {
    list = next;
    store.listeners.mark();
  }

  return {
    list: () => list,
    clear: () => set([]),

    add({ collection, id, requestId, values, base: on }: Pending, theirs: Row): Conflict {
      const { id: _, version, ...changes } = values;
      const base = on?.version === version ? on : undefined;
      const mine = patch(base ?? theirs, changes, store.collectionState(collection).nests, store.row);
      const others = () => list.filter((one) => one.requestId !== requestId);
      const conflict: Conflict = {
        ...{ collection, id, requestId, base, mine, theirs, changes },
        keepMine() {
          set(others());
          return update(collection, { ...changes, id, version: (store.collectionState(collection).base.get(id) ?? theirs).version });
        },
        keepTheirs: () => set(others()),
      };
      set([...list, conflict]);
      return conflict;
    },

    /** Sets `theirs` of the conflicts of a row that has changed again. */
    onRowChanged(collection: string, row: Row): void {
      const stale = (one: Conflict) => one.collection === collection && one.id === row.id;
      if (list.some(stale)) set(list.map((one) => (stale(one) ? { ...one, theirs: row } : one)));
    },
  };
}
