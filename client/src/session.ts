// Who is signed in, and what that lets be shown and sent.

import type { Pending, Row } from "./pending.ts";
import type { Connection, SignedIn, Ack } from "./types.ts";
import type { TokenStore } from "./tokens.ts";

export interface Connected {
  user: Row | null;
  access?: Connection["access"];
  schema?: { hash: string; collections: Record<string, string> };
}

export class Session {
  user: Row | null = null;
  access: Connection["access"] = "open";
  /** Whether the server, or what was kept of it, has told who we are. */
  known = false;
  #tokens: TokenStore;

  constructor(tokens: TokenStore) {
    this.#tokens = tokens;
  }

  get signIn(): boolean {
    return this.known && this.access === "members" && !this.user;
  }

  get token(): string | undefined {
    return this.#tokens.get() ?? undefined;
  }

  forget(): void {
    this.#tokens.set(null);
    this.user = null;
  }

  signed({ user, token }: SignedIn): void {
    this.#tokens.set(token);
    this.user = user;
  }

  /** Who a write belongs to that is made now. */
  get owner(): number | null | undefined {
    return this.known ? (this.user?.id ?? null) : undefined;
  }

  /** Whether a write may be shown and sent: it is ours, nobody's, or nobody need be signed in to send it. */
  belongs = ({ owner }: Pending): boolean =>
    owner == null || (this.user ? this.user.id === owner : this.access === "open" || !this.known);
}

export type { Ack };
