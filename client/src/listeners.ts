// Who wants to know, and of what: a collection, or a collection and an id. They are told once for all that came together.

export type Listener = () => void;
export type Listeners = ReturnType<typeof createListeners>;

/** Under this key hears of anything. */
export const ANY = "";

export function createListeners() {
  const of = new Map<string, Set<Listener>>();
  const due = new Set<string>();

  function tell() {
    const keys = [...due];
    due.clear();
    for (const key of keys) {
      for (const one of [...(of.get(key) ?? [])]) {
        try {
          one();
        } catch (error) {
          console.error(error);
        }
      }
    }
  }

  return {
    add(key: string, listener: Listener): () => void {
      // Wrapped, because the same function may be added twice.
      const one = () => listener();
      const set = of.get(key) ?? new Set<Listener>();
      of.set(key, set.add(one));
      return () => {
        set.delete(one);
        if (!set.size && of.get(key) === set) of.delete(key);
      };
    },
    mark(...keys: string[]): void {
      if (!due.size) queueMicrotask(tell);
      for (const key of [...keys, ANY]) due.add(key);
    },
    clear: () => of.clear(),
  };
}
