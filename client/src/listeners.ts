// Who wants to know, and of what: a collection, or a collection and an id. They are told once for all that came together.

export type Listener = () => void;
export type Listeners = ReturnType<typeof createListeners>;

/** Under this key hears of anything. */
export const ANY = "";

export function createListeners() {
  const all = new Set<{ key: string; listener: Listener }>();
  let due = new Set<string>();

  function tell() {
    const keys = due;
    due = new Set();
    for (const { key, listener } of [...all]) {
      try {
        if (keys.has(key)) listener();
      } catch (error) {
        console.error(error);
      }
    }
  }

  return {
    add(key: string, listener: Listener): () => void {
      const one = { key, listener };
      all.add(one);
      return () => void all.delete(one);
    },
    mark(...keys: string[]): void {
      if (!due.size) queueMicrotask(tell);
      for (const key of [...keys, ANY]) due.add(key);
    },
    clear: () => all.clear(),
  };
}
