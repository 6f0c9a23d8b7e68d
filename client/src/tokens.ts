// Where the token is kept that says who we are.

import { page, type Until } from "./page.ts";

export interface TokenStore {
  get(): string | null | undefined;
  /** Null forgets it. */
  set(token: string | null): void;
  /** Calls the listener when another page has set or forgotten it; `until` is for `addEventListener`. */
  subscribe?(listener: () => unknown, until: Until): void;
}

export function memoryTokens(): TokenStore {
  let kept: string | null = null;
  return { get: () => kept, set: (token) => void (kept = token) };
}

/** The browser's storage, shared by the pages of an origin; memory where there is none, or none that may be used. */
export function localTokens(key = "rowcast.token"): TokenStore {
  let kept: string | null = null;
  return {
    get() {
      try {
        return localStorage.getItem(key);
      } catch {
        return kept;
      }
    },
    set(token) {
      kept = token;
      try {
        if (token) localStorage.setItem(key, token);
        else localStorage.removeItem(key);
      } catch {}
    },
    subscribe: (listener, until) => page.addEventListener?.("storage", listener, until),
  };
}
