// What is kept from one page to the next, as the documentation of `Persistence` has it.

import type { Keeper, Kept, KeptPicture, Persistence } from "../../src/index.ts";

export class Memory implements Persistence {
  picture: KeptPicture | undefined;
  writes = new Map<string, Kept>();

  async open(): Promise<Keeper> {
    let follows = this.picture !== undefined;
    let open = true;
    return {
      picture: structuredClone(this.picture),
      writes: structuredClone([...this.writes.values()].sort((one, other) => one.seq - other.seq)),
      change: ({ rows, ...about }, whole) => {
        const before = follows ? this.picture!.rows : {};
        const now = new Map(Object.entries(before).map(([name, { upserted }]) => [name, new Map(upserted.map((row) => [row.id, row]))]));
        for (const [name, { upserted, deleted }] of Object.entries(follows ? rows : whole())) {
          const of = now.get(name) ?? new Map();
          for (const row of upserted) of.set(row.id, row);
          for (const id of deleted) of.delete(id);
          now.set(name, of);
        }
        follows = true;
        const kept = [...now].map(([name, of]) => [name, { upserted: [...of.values()], deleted: [] }]);
        this.picture = structuredClone({ ...about, rows: Object.fromEntries(kept) });
      },
      write: (changed, gone = []) => {
        if (!open) throw new Error("written to after it was closed");
        for (const { seq, kind, collection, id, requestId, values, optimistic, owner, first, after } of changed) {
          const write = { seq, kind, collection, id, requestId, values, optimistic, owner, after, ...(first && { first }) };
          this.writes.set(requestId, structuredClone(write));
        }
        for (const id of gone) this.writes.delete(id);
      },
      wipe: () => {
        this.picture = undefined;
        follows = false;
      },
      close: async () => void (open = false),
    };
  }
}
