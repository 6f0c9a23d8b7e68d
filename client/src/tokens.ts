// Where the token is kept that says who we are.

export interface TokenStore {
  get(): string | null | undefined;
  /** Null forgets it. */
  set(token: string | null): void;
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
        localStorage.removeItem(key);
        if (token) localStorage.setItem(key, token);
      } catch {}
    },
  };
}
