// What others have changed, for a page that shows it: `createClient(schema, { touches: touches() })`.
//
// Versions are compared for equality alone, so nothing here tells an older one from a newer one: what was shown last is
// the latest. The author comes apart from the row, before or after it, and is matched by the version.

import type { Row } from "./pending.ts";
import type { Store } from "./store.ts";
import type { Authored, Touch, Touches, WriteAck } from "./types.ts";

type Version = Touch["version"];
type By = Touch["by"];

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

/** Follows who changed which row; the server is asked to tell. */
export const touches = (): Touches => create;

function create({ changed, part, row }: Store) {
  const of = new Map<string, Touch>();
  const authors = new Map<string, By>();
  const doubts = new Map<string, Doubt>();

  function set(collection: string, id: number, touch: Touch): void {
    const [key, before] = [`${collection} ${id}`, of.get(`${collection} ${id}`)];
    const by = before?.version === touch.version ? before.by : authors.get(`${key} ${touch.version}`);
    put(of, key, { ...touch, by: touch.by === undefined ? by : touch.by }, MOST.touches);
    changed(collection, id);
  }

  // Whether a write of ours that is under way may have changed a row, or made it.
  function may(collection: string, id: number, created: boolean): boolean {
    const { creates, writes } = part(collection);
    return !!(created ? creates : writes.get(id))?.some((p) => p.sent);
  }

  return {
    get: (collection: string, id: number) => of.get(`${collection} ${row(collection, id)?.id ?? id}`),

    /** A row is shown with another version, perhaps by a write of ours that is under way. */
    seen(collection: string, { id, version }: Row, created: boolean): void {
      const key = `${collection} ${id}`;
      const touch: Touch = { kind: created ? "created" : "updated", at: Date.now(), version, by: undefined };
      // Of a row one write of ours is under way at most, so the last but one is enough.
      if (may(collection, id, created) && !authors.has(`${key} ${version}`)) {
        const { all, ...doubt } = doubts.get(key) ?? { collection, id, created, all: [] };
        doubts.set(key, { ...doubt, all: [...all.slice(-1), touch] });
      } else {
        doubts.delete(key);
        set(collection, id, touch);
      }
    },

    /** The author of a change. */
    authored({ collection, id, version, by }: Authored): void {
      // Of a collection that this client does not know, or of a row that is gone.
      if (!part(collection) || version === null) return;
      const key = `${collection} ${id}`;
      const [before, doubt] = [of.get(key), doubts.get(key)];
      const other: Touch = { kind: "updated", at: Date.now(), version, by };
      const last = doubt?.all.at(-1);
      put(authors, `${key} ${version}`, by, MOST.authors);
      if (before?.version === version) set(collection, id, { ...before, by });
      else if (last ? last.version === version : part(collection).base.get(id)?.version === version || !before) {
        doubts.delete(key);
        set(collection, id, { ...other, ...last, by });
      } else if (doubt && !before) doubt.all = [other, ...doubt.all.slice(-2)];
    },

    /** A write of ours was acked. */
    acked(collection: string, ack: WriteAck<any>): void {
      for (const [key, doubt] of doubts) {
        if (doubt.collection !== collection) continue;
        const { id, created } = doubt;
        if (ack.ok && ack.data.id === id) doubt.all = doubt.all.filter(({ version }) => version !== ack.data.version);
        if (may(collection, id, created) && doubt.all[0]) continue;
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
