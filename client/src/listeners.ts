// Subscriptions to a collection, or to a row of it. Changes of one microtask cause one call of each listener.

export type Listener = () => void;
export type Listeners = ReturnType<typeof createListeners>;

/** The key of listeners to any change. */
export const ANY = "";

export function createListeners() {
  const all = new Set<[key: string, listener: Listener]>();
  let marked = new Set<string>();

  function notify() {
    const keys = marked;
    marked = new Set();
    for (const [key, listener] of [...all]) {
      try {
        if (keys.has(key)) listener();
      } catch (error) {
        console.error(error);
      }
    }
  }

  return {
    add(key: string, listener: Listener): () => void {
      const one: [string, Listener] = [key, listener];
      all.add(one);
      return () => void all.delete(one);
    },
    mark(...keys: string[]): void {
      if (!marked.size) queueMicrotask(notify);
      for (const key of [...keys, ANY]) marked.add(key);
    },
    clear: () => all.clear(),
  };
}
