// Who is signed in, and what that lets be shown and sent.

import type { Pending, Row } from "./pending.ts";
import type { TokenStore } from "./tokens.ts";
import type { Connection, SignedIn } from "./types.ts";

export function createSession(tokens: TokenStore) {
  const session = {
    user: null as Row | null,
    access: "open" as Connection["access"],
    /** Whether the server, or what was kept of it, has told who we are. */
    known: false,
    /** Why we are not who we were. */
    reason: undefined as string | undefined,
    token: () => tokens.get() ?? undefined,
    members: () => session.access === "members",
    signIn: () => session.known && session.members() && !session.user,

    signed({ user, token }: SignedIn): void {
      tokens.set(token);
      session.user = user;
      session.reason = undefined;
    },

    forget(reason?: string): void {
      tokens.set(null);
      session.user = null;
      session.reason = reason;
    },

    /** Who a write belongs to that is made now. */
    owner: () => (session.known ? (session.user?.id ?? null) : undefined),

    /** Whether a write may be shown and sent: it is ours, nobody's, or nobody need be signed in to send it. */
    belongs({ kept: { owner } }: Pending): boolean {
      return owner == null || (session.user ? session.user.id === owner : !session.known || session.access === "open");
    },
  };
  return session;
}
