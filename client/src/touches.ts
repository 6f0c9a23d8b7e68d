// Who else changed what, for a page that shows it.

import type { Touch } from "./types.ts";

export interface Authored {
  collection: string;
  id: number;
  version: number | null;
  by: { id: number; name: string } | null;
}

export function createTouches(changed: (collection: string, id: number) => void) {
  const of = new Map<string, Touch>();

  return {
    get: (collection: string, id: number) => of.get(collection + id),

    /** A row has come to this version, and not by us. */
    seen(collection: string, id: number, version: number, by?: Touch["by"]): void {
      const before = of.get(collection + id);
      // The author may be told after the change, and of several changes that came as one each author.
      if (before && (by === undefined ? version <= before.version : version < before.version)) return;
      of.set(collection + id, { kind: version > 1 ? "updated" : "created", at: Date.now(), version, by });
      changed(collection, id);
    },

    clear: () => of.clear(),
  };
}
