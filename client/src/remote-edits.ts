// The latest change of each row by another user or program: `createClient(schema, { remoteEdits: remoteEdits() })`.
//
// Versions have no order, so the version that was displayed last is the latest. The author arrives apart from the row,
// before or after it, and is matched to it by version.

import type { Authored, Key, RemoteEdit, Row, Token, WriteAck } from "./model.ts";
import type { Store } from "./store.ts";
import type { RemoteEdits } from "./types.ts";

type Author = RemoteEdit["by"];

/** Changes that may be the client's own, until the writes that may have made them are acked. */
interface Candidate {
  collection: string;
  id: Token;
  created: boolean;
  /** Oldest first. */
  edits: RemoteEdit[];
}

// Number of rows with a known edit, and of authors of versions that were not displayed, or never will be.
const CAPACITY = { edits: 10_000, authors: 200 };

/** Tracks the author of each row's latest change. The server then sends `authored` events. */
export const remoteEdits = (): RemoteEdits => create;

// The name of a row, or of one version of it.
const name = (...parts: unknown[]) => JSON.stringify(parts);

function create({ changed, collectionState, locate }: Store) {
  const edits = new Map<string, RemoteEdit>();
  const authors = new Map<string, Author>();
  const candidates = new Map<string, Candidate>();

  function set(collection: string, id: Token, edit: RemoteEdit): void {
    const row = name(collection, id);
    const before = edits.get(row);
    const by = before?.version === edit.version ? before.by : authors.get(name(collection, id, edit.version));
    put(edits, row, { ...edit, by: edit.by === undefined ? by : edit.by }, CAPACITY.edits);
    changed(collection, id);
  }

  // Whether an unacked write of this client may have changed or created a row.
  function maybeOwn(collection: string, id: Token, created: boolean): boolean {
    const { creates, writes } = collectionState(collection);
    return [...(created ? creates : []), ...(writes.get(id) ?? [])].some((p) => p.sent);
  }

  return {
    get: (collection: string, key: Key) => edits.get(name(collection, locate(collection, key))),

    /** A row has another version, perhaps from an unacked write of this client. */
    onRowChanged(collection: string, changed: Row, created: boolean): void {
      const { token, version: column } = collectionState(collection);
      const [id, version] = [token(changed), changed[column]];
      const row = name(collection, id);
      const edit: RemoteEdit = { kind: created ? "created" : "updated", at: Date.now(), version, by: undefined };
      // At most one write to a row is in flight, so the last two edits are enough.
      if (maybeOwn(collection, id, created) && !authors.has(name(collection, id, version))) {
        const { edits, ...candidate } = candidates.get(row) ?? { collection, id, created, edits: [] };
        candidates.set(row, { ...candidate, edits: [...edits.slice(-1), edit] });
      } else {
        candidates.delete(row);
        set(collection, id, edit);
      }
    },

    onAuthored({ collection, id: key, version, by }: Authored): void {
      const state = collectionState(collection);
      // A collection that this client does not know, or a deleted row.
      if (!state || version === null) return;
      const id = state.token(key);
      const row = name(collection, id);
      const [before, candidate] = [edits.get(row), candidates.get(row)];
      const edit: RemoteEdit = { kind: "updated", at: Date.now(), version, by };
      const last = candidate?.edits.at(-1);
      put(authors, name(collection, id, version), by, CAPACITY.authors);
      if (before?.version === version) set(collection, id, { ...before, by });
      else if (last ? last.version === version : state.base.get(id)?.[state.version] === version || !before) {
        candidates.delete(row);
        set(collection, id, { ...edit, ...last, by });
      } else if (candidate && !before) candidate.edits = [edit, ...candidate.edits.slice(-2)];
    },

    onAck(collection: string, ack: WriteAck<any>): void {
      const { token, version } = collectionState(collection);
      for (const [row, candidate] of candidates) {
        if (candidate.collection !== collection) continue;
        const { id, created } = candidate;
        if (ack.ok && token(ack.data) === id) candidate.edits = candidate.edits.filter((edit) => edit.version !== ack.data[version]);
        if (maybeOwn(collection, id, created) && candidate.edits[0]) continue;
        candidates.delete(row);
        if (candidate.edits[0]) set(collection, id, candidate.edits.at(-1)!);
      }
    },

    clear(): void {
      for (const all of [edits, authors, candidates]) all.clear();
    },
  };
}

// Removes the oldest entry above the limit.
function put<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value!);
}
