// What is persisted from one page to the next, as the documentation of `Persistence` has it.

import type { PersistenceHandle, PersistenceTarget, PersistedWrite, PersistedSnapshot, Persistence } from "../../src/index.ts";

export class MemoryPersistence implements Persistence {
  snapshot: PersistedSnapshot | undefined;
  writes = new Map<string, PersistedWrite>();

  async open({ token }: PersistenceTarget): Promise<PersistenceHandle> {
    let inSequence = this.snapshot !== undefined;
    let open = true;
    return {
      snapshot: structuredClone(this.snapshot),
      writes: structuredClone([...this.writes.values()].sort((one, other) => one.seq - other.seq)),
      save: ({ rows, ...meta }, allRows) => {
        const before = inSequence ? this.snapshot!.rows : {};
        const now = new Map(Object.entries(before).map(([name, { upserted }]) => [name, new Map(upserted.map((row) => [token(name, row), row]))]));
        for (const [name, { upserted, deleted }] of Object.entries(inSequence ? rows : allRows())) {
          const of = now.get(name) ?? new Map();
          for (const row of upserted) of.set(token(name, row), row);
          for (const key of deleted) of.delete(token(name, key));
          now.set(name, of);
        }
        inSequence = true;
        const persisted = [...now].map(([name, of]) => [name, { upserted: [...of.values()], deleted: [] }]);
        this.snapshot = structuredClone({ ...meta, rows: Object.fromEntries(persisted) });
      },
      saveWrites: (changed, gone = []) => {
        if (!open) throw new Error("written to after it was closed");
        for (const { seq, kind, collection, id, requestId, values, optimistic, owner, first, after } of changed) {
          const write = { seq, kind, collection, id, requestId, values, optimistic, owner, after, ...(first && { first }) };
          this.writes.set(requestId, structuredClone(write));
        }
        for (const id of gone) this.writes.delete(id);
      },
      clear: () => {
        this.snapshot = undefined;
        inSequence = false;
      },
      close: async () => void (open = false),
    };
  }
}
