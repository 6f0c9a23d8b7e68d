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
  const memory = memoryTokens();
  const local = <T>(use: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return use(globalThis.localStorage);
    } catch {
      return otherwise();
    }
  };
  return {
    get: () => local((storage) => storage.getItem(key), memory.get),
    set: (token) =>
      local(
        (storage) => (token === null ? storage.removeItem(key) : storage.setItem(key, token)),
        () => memory.set(token),
      ),
  };
}
