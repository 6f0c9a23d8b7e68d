// Who wants to know, and of what. They are told once for all that came together.

export class Listeners {
  #any = new Set<() => void>();
  #of = new Map<string, Map<number | undefined, Set<() => void>>>();
  // Ids that rows had before the server gave them one: few, while rows may have thousands of listeners.
  #temporary = new Map<number, string>();
  #changed = new Map<string, Set<number>>();
  #due = false;
  #resolve: (id: number) => number;

  constructor(resolve: (id: number) => number) {
    this.#resolve = resolve;
  }

  add(listener: () => void): () => void {
    // Wrapped, because the same function may be added twice.
    const one = () => listener();
    this.#any.add(one);
    return () => void this.#any.delete(one);
  }

  addTo(collection: string, id: number | undefined, listener: () => void): () => void {
    const of = get(this.#of, collection, () => new Map());
    const set: Set<() => void> = get(of, id, () => new Set());
    const one = () => listener();
    set.add(one);
    if (id! < 0) this.#temporary.set(id!, collection);
    return () => {
      set.delete(one);
      if (set.size || of.get(id) !== set) return;
      of.delete(id);
      this.#temporary.delete(id!);
    };
  }

  /** Something changed; a row, if it says which. */
  mark(collection?: string, id = 0): void {
    if (collection) get(this.#changed, collection, () => new Set<number>()).add(id);
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.#tell());
  }

  clear(): void {
    this.#any.clear();
    this.#of.clear();
    this.#temporary.clear();
  }

  #tell(): void {
    this.#due = false;
    const changed = this.#changed;
    this.#changed = new Map();
    const told = new Set<() => void>();
    for (const [collection, ids] of changed) {
      const of = this.#of.get(collection);
      of?.get(undefined)?.forEach((one) => told.add(one));
      for (const id of ids) of?.get(id)?.forEach((one) => told.add(one));
    }
    // Whoever asked for a row that was being created means the one that came of it.
    for (const [id, collection] of this.#temporary) {
      if (!changed.get(collection)?.has(this.#resolve(id))) continue;
      this.#of.get(collection)?.get(id)?.forEach((one) => told.add(one));
    }
    for (const one of [...told, ...this.#any]) {
      try {
        one();
      } catch (error) {
        console.error(error);
      }
    }
  }
}

export function get<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
