// Updates that the server rejected because the row had changed, until they are resolved.

import type { Conflict, Pending, Row, Write } from "./model.ts";
import { patch } from "./optimistic.ts";
import type { Store } from "./store.ts";

export function createConflicts(store: Store, update: (collection: string, changes: any) => Write<any, any>) {
  let list: readonly Conflict[] = [];

  function set(next: readonly Conflict[]): void {
    list = next;
    store.listeners.mark();
  }

  return {
    list: () => list,
    clear: () => set([]),

    add({ collection, id, requestId, values, base: on }: Pending, theirs: Row): Conflict {
      const state = store.collectionState(collection);
      const { version, columns, fields } = state;
      const changes = { ...values };
      for (const column of [version, ...columns]) delete changes[column];
      const base = on?.[version] === values[version] ? on : undefined;
      const mine = patch(base ?? theirs, changes, state, store.find);
      const others = () => list.filter((one) => one.requestId !== requestId);
      const conflict: Conflict = {
        ...{ collection, id: state.key(id), requestId, base, mine, theirs, changes },
        keepMine() {
          set(others());
          return update(collection, { ...changes, ...fields(id), [version]: (state.base.get(id) ?? theirs)[version] });
        },
        keepTheirs: () => set(others()),
      };
      set([...list, conflict]);
      return conflict;
    },

    /** Sets `theirs` of the conflicts of a row that has changed again. */
    onRowChanged(collection: string, row: Row): void {
      const stale = (one: Conflict) => one.collection === collection && store.token(collection, one.id) === store.token(collection, row);
      if (list.some(stale)) set(list.map((one) => (stale(one) ? { ...one, theirs: row } : one)));
    },
  };
}
