// What is kept from one page to the next. The IndexedDB one is in `@rowcast/client/indexeddb`; another one is these few
// functions.

import type { Kept, Row } from "./pending.ts";
import type { Connection } from "./types.ts";

export type { Kept };

/** The rows as they were last heard of, and up to where that is. */
export interface KeptPicture {
  cursor: string;
  rows: Record<string, Row[]>;
  user: Row | null;
  access: Connection["access"];
}

/** What a change did to the picture. All of it becomes lasting together, or nothing. */
export interface PictureChange {
  cursor: string;
  user: Row | null;
  access: Connection["access"];
  rows: Record<string, { upserted: Row[]; deleted: number[] }>;
}

export interface Keeper {
  picture: KeptPicture | undefined;
  /** Oldest first. */
  writes: Kept[];
  /** Takes over a change; `whole` gives the picture with it in it, for whoever does not have the one before. */
  change(change: PictureChange, whole: () => KeptPicture): void;
  /** Keeps these writes as they are now, and those no longer; all together. */
  write(changed: Kept[], gone: string[]): void;
  /** Forgets the picture. */
  wipe(): void;
  /** Resolves once all is written. */
  close(): Promise<void>;
}

export interface Persistence {
  /**
   * What was kept for this address and these types; a rejection means that nothing can be kept. Writes that another
   * page has left behind later on are handed to `adopt`.
   */
  open(about: { url: string; hash: string }, adopt: (writes: Kept[]) => void): Promise<Keeper>;
}
