// The interface of a storage for rows and pending writes. `@rowcast/client/indexeddb` implements it.

import type { Connection, Difference, Key, PersistedWrite, Row, Token } from "./model.ts";

/** The server state, or a change of it. Cursor, user and rows are stored together or not at all. */
export interface PersistedSnapshot {
  cursor: string;
  user: Row | null;
  access: Connection["access"];
  rows: Difference;
}

export interface PersistenceHandle {
  snapshot: PersistedSnapshot | undefined;
  /** Oldest first. */
  writes: PersistedWrite[];
  /**
   * Stores a change of the server state. `allRows` returns the whole state, for a storage that lacks earlier changes.
   */
  save(change: PersistedSnapshot, allRows: () => Difference): void;
  /** Stores the fields of `PersistedWrite` of the changed writes, and removes the others; in one transaction. */
  saveWrites(changed: PersistedWrite[], removed?: string[]): void;
  /** Removes the snapshot. */
  clear(): void;
  /** Resolves once everything is written. */
  close(): Promise<void>;
}

export interface PersistenceTarget {
  url: string | undefined;
  /** Hash of the types. */
  hash: string;
  /** The key of a row, or a key, as a number or text that no other row of the collection has. */
  token(collection: string, key: Row | Key): Token;
}

export interface Persistence {
  /**
   * Returns what is stored for this address and these types; a rejection means that nothing can be stored. `adopt` is
   * called with writes that a closed page has left. `onStatus` is called with the reason when storing fails, and without
   * one once everything is stored; it need not be called before the first failure.
   */
  open(
    target: PersistenceTarget,
    adopt: (writes: PersistedWrite[]) => void,
    onStatus?: (error?: string) => void,
  ): Promise<PersistenceHandle>;
}
