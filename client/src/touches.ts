// What others have changed, for a page that shows it.
//
// Versions are compared for equality alone, so nothing here tells an older one from a newer one: what was shown last is
// the latest. The author comes apart from the row, before or after it, and is matched by the version.

import type { Touch, WriteAck } from "./types.ts";

type Version = Touch["version"];
type By = Touch["by"];

export interface Authored {
  collection: string;
  id: number;
  version: Version | null;
  by: { id: number; name: string } | null;
}

/** What may be ours is known once the writes that may have made it are acked. */
interface Doubt {
  collection: string;
  id: number;
  created: boolean;
  /** Oldest first. */
  all: Touch[];
}

// Rows whose latest change is known, and authors of what has not been shown, or never will be.
const MOST = { touches: 10_000, authors: 200 };

export function createTouches(changed: (collection: string, id: number) => void) {
  const of = new Map<string, Touch>();
  const authors = new Map<string, By>();
  const doubts = new Map<string, Doubt>();

  function set(collection: string, id: number, touch: Touch): void {
    const [key, before] = [`${collection} ${id}`, of.get(`${collection} ${id}`)];
    const by = before?.version === touch.version ? before.by : authors.get(`${key} ${touch.version}`);
    put(of, key, { ...touch, by: touch.by === undefined ? by : touch.by }, MOST.touches);
    changed(collection, id);
  }

  return {
    get: (collection: string, id: number) => of.get(`${collection} ${id}`),

    /** A row is shown with another version, perhaps by a write of ours that is under way. */
    seen(collection: string, id: number, version: Version, created: boolean, ours: boolean): void {
      const key = `${collection} ${id}`;
      const touch: Touch = { kind: created ? "created" : "updated", at: Date.now(), version, by: undefined };
      // Of a row one write of ours is under way at most, so the last but one is enough.
      if (ours && !authors.has(`${key} ${version}`)) {
        const { all, ...doubt } = doubts.get(key) ?? { collection, id, created, all: [] };
        doubts.set(key, { ...doubt, all: [...all.slice(-1), touch] });
      } else {
        doubts.delete(key);
        set(collection, id, touch);
      }
    },

    /** The author of a change; `shown` is the row's version now, if it is there. */
    authored({ collection, id, version, by }: Authored, shown: Version | undefined): void {
      if (version === null) return;
      const key = `${collection} ${id}`;
      const [before, doubt] = [of.get(key), doubts.get(key)];
      const other: Touch = { kind: "updated", at: Date.now(), version, by };
      const last = doubt?.all.at(-1);
      put(authors, `${key} ${version}`, by, MOST.authors);
      if (before?.version === version) set(collection, id, { ...before, by });
      else if (last ? last.version === version : shown === version || !before) {
        doubts.delete(key);
        set(collection, id, { ...other, ...last, by });
      } else if (doubt && !before) doubt.all = [other, ...doubt.all.slice(-2)];
    },

    /** A write of ours was acked; `may` says whether another one may have changed, or made, a row. */
    acked(collection: string, ack: WriteAck<any>, may: (id: number, created: boolean) => boolean): void {
      for (const [key, doubt] of doubts) {
        if (doubt.collection !== collection) continue;
        const { id, created } = doubt;
        if (ack.ok && ack.data.id === id) doubt.all = doubt.all.filter(({ version }) => version !== ack.data.version);
        if (may(id, created) && doubt.all[0]) continue;
        doubts.delete(key);
        if (doubt.all[0]) set(collection, id, doubt.all.at(-1)!);
      }
    },

    clear(): void {
      for (const all of [of, authors, doubts]) all.clear();
    },
  };
}

// The oldest goes where there are too many.
function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
