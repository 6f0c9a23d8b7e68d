// Storage of the sign-in token.

import { page, type ListenerOptions } from "./page.ts";

export interface TokenStore {
  get(): string | null | undefined;
  /** Null removes it. */
  set(token: string | null): void;
  /** Calls the listener when another page has set or removed the token; `options` are for `addEventListener`. */
  subscribe?(listener: () => unknown, options: ListenerOptions): void;
}

export function memoryTokens(): TokenStore {
  let stored: string | null = null;
  return { get: () => stored, set: (token) => void (stored = token) };
}

/** The browser's localStorage, which the pages of an origin share; memory where it is missing or forbidden. */
export function localTokens(key = "rowcast.token"): TokenStore {
  let stored: string | null = null;
  return {
    get() {
      try {
        return localStorage.getItem(key);
      } catch {
        return stored;
      }
    },
    set(token) {
      stored = token;
      try {
        if (token) localStorage.setItem(key, token);
        else localStorage.removeItem(key);
      } catch {}
    },
    subscribe: (listener, options) => page.addEventListener?.("storage", listener, options),
  };
}
