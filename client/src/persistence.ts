// What is kept from one page to the next. The IndexedDB one is in `@rowcast/client/indexeddb`; another one is these few
// functions.

import type { Kept, Row } from "./pending.ts";
import type { Difference } from "./picture.ts";
import type { Connection } from "./types.ts";

export type { Kept };

/** The picture, or what a change did to it. All of it becomes lasting together, or nothing. */
export interface KeptPicture {
  /** Up to where it is. */
  cursor: string;
  user: Row | null;
  access: Connection["access"];
  rows: Difference;
}

export interface Keeper {
  picture: KeptPicture | undefined;
  /** Oldest first. */
  writes: Kept[];
  /** Takes over a change; `whole` gives all rows, for whoever does not have those before it. */
  change(change: KeptPicture, whole: () => Difference): void;
  /** Keeps what `Kept` says of these writes, as it is now, and those no longer; all together. */
  write(changed: Kept[], gone?: string[]): void;
  /** Forgets the picture. */
  wipe(): void;
  /** Resolves once all is written. */
  close(): Promise<void>;
}

export interface Persistence {
  /**
   * What was kept for this address and these types; a rejection means that nothing can be kept. Writes that another
   * page has left behind later on are handed to `adopt`. `keeps` is called with the reason when nothing can be kept for the
   * time being, and without one when all is kept; it need not be called as long as all goes well.
   */
  open(about: { url: string | undefined; hash: string }, adopt: (writes: Kept[]) => void, keeps?: (why?: string) => void): Promise<Keeper>;
}
