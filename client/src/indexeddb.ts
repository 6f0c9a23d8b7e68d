// Persistence in the browser's IndexedDB.
//
// The pages of an origin share one database. One page at a time owns the snapshot; it writes rows and cursor in one
// transaction, which has no effect if the page is no longer the owner. Each page stores its own writes; the writes of a
// closed page are taken over by another page.
//
// Browsers close a database in use, lose it, have no space for it or forbid it. All data is in memory as well, so all
// of it is written again as soon as that succeeds. Until then the client reports that nothing is persisted.

import { completion, openDatabase } from "./database.ts";
import { acquireLock, tryAcquireLock, type ReleaseLock } from "./locks.ts";
import type { Difference, Key, PersistedWrite, Row } from "./model.ts";
import { uuid } from "./pending.ts";
import type { PersistedSnapshot, Persistence, PersistenceHandle, PersistenceTarget } from "./persistence.ts";

// How often a page looks for writes of closed pages, and tries again to store its own, in milliseconds.
const CHECK_INTERVAL = 30_000;

type Meta = Omit<PersistedSnapshot, "rows">;
interface StoredMeta extends Meta, Pick<PersistenceTarget, "url" | "hash"> {}
interface StoredWrite {
  page: string;
  url: string | undefined;
  write: PersistedWrite;
}

/** Stores everything in the database of this name. Each front end of an origin needs a name of its own. */
export function indexedDb(name: string): Persistence {
  return {
    async open(target, adopt, onStatus = () => {}) {
      const handle = new IndexedDbHandle(`rowcast ${name}`, target, adopt, onStatus);
      await handle.open();
      return handle;
    },
  };
}

class IndexedDbHandle implements PersistenceHandle {
  snapshot: PersistedSnapshot | undefined;
  writes: PersistedWrite[] = [];
  #id = uuid();
  #locks: ReleaseLock[] = [];
  // Whether this page owns the snapshot, and whether the stored one is complete up to the previous change.
  #owner = false;
  #inSequence = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;
  #written: Promise<unknown> = Promise.resolve();
  #db: IDBDatabase | undefined;
  // The data to store, in memory.
  #pending = new Map<string, PersistedWrite>();
  #latest: { meta: Meta; allRows: () => Difference } | undefined;
  #cleared = false;
  // Whether some of it may not be stored, and the attempt in progress to store it.
  #incomplete = false;
  #recovery: Promise<void> | undefined;
  #name: string;
  #target: PersistenceTarget;
  #adopt: (writes: PersistedWrite[]) => void;
  #onStatus: (error?: string) => void;

  constructor(name: string, target: PersistenceTarget, adopt: (writes: PersistedWrite[]) => void, onStatus: (error?: string) => void) {
    [this.#name, this.#target, this.#adopt, this.#onStatus] = [name, target, adopt, onStatus];
  }

  async open(): Promise<void> {
    this.#locks.push(await acquireLock(`${this.#name} page ${this.#id}`));
    const ownership = await tryAcquireLock(`${this.#name} snapshot`);
    if (ownership) this.#locks.push(ownership);
    this.#owner = !!ownership;
    try {
      await this.#connect();
      // Before the snapshot is read, so that no earlier owner writes to it afterwards.
      if (this.#owner) await this.#transact(["meta"], (tx) => tx.objectStore("meta").put(this.#id, "owner"));
      this.#inSequence = this.#owner;
      await this.#read();
      this.writes = await this.#takeOver();
    } catch (error) {
      this.#onError(error);
    }
    if (!ownership) {
      const later = acquireLock(`${this.#name} snapshot`);
      void later.then((release) => (this.#closed ? release() : this.#becomeOwner(release)), () => {});
    }
    this.#timer = setInterval(() => void this.#check(), CHECK_INTERVAL);
    (this.#timer as { unref?(): void }).unref?.();
  }

  save({ rows, ...meta }: PersistedSnapshot, allRows: () => Difference): void {
    this.#latest = { meta, allRows };
    if (!this.#owner) return;
    this.#save(["meta", "rows"], (tx) => {
      if (!this.#inSequence) return this.#putSnapshot(tx);
      const owner = tx.objectStore("meta").get("owner");
      // Another page has written or signed out meanwhile, so the previous change is not stored.
      owner.onsuccess = () => (owner.result === this.#id ? this.#putChanges(tx, meta, rows) : (this.#inSequence = false));
    });
  }

  saveWrites(changed: PersistedWrite[], removed: string[] = []): void {
    for (const { seq, kind, collection, id, requestId, values, optimistic, owner, first, after } of changed) {
      const write: PersistedWrite = { seq, kind, collection, id, requestId, values, optimistic, owner, after, ...(first && { first }) };
      this.#pending.set(requestId, write);
    }
    for (const id of removed) this.#pending.delete(id);
    this.#save(["writes"], (tx) => {
      const writes = tx.objectStore("writes");
      for (const { requestId } of changed) this.#putWrite(writes, requestId);
      for (const id of removed) writes.delete(id);
    });
  }

  clear(): void {
    this.#latest = undefined;
    this.#cleared = true;
    this.#inSequence = false;
    this.#save(["meta", "rows"], (tx) => this.#clear(tx));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#written;
    if (this.#incomplete || this.#recovery) await this.#recover();
    this.#db?.close();
    for (const release of this.#locks) release();
  }

  // The previous owner was closed.
  #becomeOwner(release: ReleaseLock): void {
    this.#locks.push(release);
    this.#owner = true;
    void this.#check();
  }

  #putWrite(writes: IDBObjectStore, requestId: string): void {
    const write = this.#pending.get(requestId);
    if (write) writes.put({ page: this.#id, url: this.#target.url, write } satisfies StoredWrite, requestId);
  }

  #putChanges(tx: IDBTransaction, meta: Meta, difference: Difference): void {
    const { url, hash, token } = this.#target;
    const stored = tx.objectStore("rows");
    for (const [collection, { upserted, deleted }] of Object.entries(difference)) {
      const place = (key: Row | Key) => {
        const one: unknown = token(collection, key);
        // A boolean may be a primary key, but not one of IndexedDB.
        return [collection, typeof one === "boolean" ? `${one}` : one] as [string, string];
      };
      for (const row of upserted) stored.put(row, place(row));
      for (const key of deleted) stored.delete(place(key));
    }
    tx.objectStore("meta").put({ url, hash, ...meta } satisfies StoredMeta, "snapshot");
  }

  #putSnapshot(tx: IDBTransaction): void {
    if (!this.#latest) return;
    this.#inSequence = true;
    tx.objectStore("rows").clear();
    tx.objectStore("meta").put(this.#id, "owner");
    this.#putChanges(tx, this.#latest.meta, this.#latest.allRows());
  }

  #clear(tx: IDBTransaction): void {
    tx.objectStore("rows").clear();
    tx.objectStore("meta").clear();
    tx.addEventListener("complete", () => (this.#cleared = false));
  }

  async #connect(): Promise<void> {
    const db = await openDatabase(this.#name);
    // The database is being deleted by another version of this page or by the user, or was closed by the browser.
    const onLost = (why: string) => {
      if (this.#db !== db) return;
      this.#onError(new DOMException(why, "InvalidStateError"));
      void this.#recover();
    };
    db.onversionchange = () => {
      db.close();
      onLost("somebody else wants the database to go");
    };
    db.onclose = () => onLost("the browser has closed the database");
    this.#db = db;
  }

  async #read(): Promise<void> {
    const tx = this.#transaction(["meta", "rows"]);
    const [meta, keys, rows] = [
      tx.objectStore("meta").get("snapshot") as IDBRequest<StoredMeta | undefined>,
      tx.objectStore("rows").getAllKeys() as IDBRequest<unknown> as IDBRequest<[string, unknown][]>,
      tx.objectStore("rows").getAll() as IDBRequest<Row[]>,
    ];
    await completion(tx);
    if (!meta.result) return;
    const { url, hash, ...snapshot } = meta.result;
    if (url !== this.#target.url || hash !== this.#target.hash) {
      this.#inSequence = false;
      return;
    }
    // A table may be called `constructor`.
    this.snapshot = { ...snapshot, rows: Object.create(null) };
    for (const [n, [collection]] of keys.result.entries()) {
      (this.snapshot.rows[collection] ??= { upserted: [], deleted: [] }).upserted.push(rows.result[n]!);
    }
  }

  async #check(): Promise<void> {
    if (this.#incomplete) await this.#recover();
    const writes = await this.#takeOver().catch(() => []);
    if (writes.length && !this.#closed) this.#adopt(writes);
  }

  // Takes over the writes of closed pages.
  async #takeOver(): Promise<PersistedWrite[]> {
    const all = await this.#storedWrites();
    const pages = new Set(all.map((one) => one.page).filter((page) => page !== this.#id));
    const taken: PersistedWrite[] = [];
    for (const page of pages) {
      const release = await tryAcquireLock(`${this.#name} page ${page}`);
      if (!release) continue;
      const left = (await this.#storedWrites()).filter((one) => one.page === page).map((one) => one.write);
      this.saveWrites(left, []);
      taken.push(...left);
      release();
    }
    return taken.sort((one, other) => one.seq - other.seq);
  }

  async #storedWrites(): Promise<StoredWrite[]> {
    const tx = this.#transaction(["writes"]);
    const all: IDBRequest<StoredWrite[]> = tx.objectStore("writes").getAll();
    await completion(tx);
    return all.result.filter((one) => one.url === this.#target.url);
  }

  // If the database is full or lost, the data stays in memory for the recovery.
  #save(stores: string[], work: (tx: IDBTransaction) => unknown): void {
    if (this.#incomplete || this.#recovery) {
      this.#incomplete = true;
      return void this.#recover();
    }
    this.#transact(stores, work).catch((error) => {
      this.#onError(error);
      void this.#recover();
    });
  }

  #onError(error: unknown): void {
    this.#incomplete = true;
    this.#inSequence = false;
    // A full database may get space again. Any other error may be caused by the connection.
    if ((error as Partial<Error>).name !== "QuotaExceededError") {
      this.#db?.close();
      this.#db = undefined;
    }
    this.#onStatus(`${error}`);
  }

  // One attempt at a time; the next one is made with the next change or check.
  #recover(): Promise<void> {
    return (this.#recovery ??= this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    try {
      if (!this.#db) await this.#connect();
      do {
        this.#incomplete = false;
        await this.#transact(["meta", "rows", "writes"], (tx) => this.#putAll(tx));
      } while (this.#incomplete);
      // In the same step as the loop's condition, so that no change comes in between.
      this.#recovery = undefined;
      this.#onStatus();
    } catch (error) {
      this.#recovery = undefined;
      this.#onError(error);
    }
  }

  #putAll(tx: IDBTransaction): void {
    if (this.#cleared) this.#clear(tx);
    if (this.#owner) this.#putSnapshot(tx);
    const writes = tx.objectStore("writes");
    for (const requestId of this.#pending.keys()) this.#putWrite(writes, requestId);
    const [keys, all] = [writes.getAllKeys(), writes.getAll() as IDBRequest<StoredWrite[]>];
    // Removes the writes that were acked meanwhile.
    all.onsuccess = () => {
      for (const [n, { page, write }] of all.result.entries()) {
        if (page === this.#id && !this.#pending.has(write.requestId)) writes.delete(keys.result[n]!);
      }
    };
  }

  async #transact(stores: string[], work: (tx: IDBTransaction) => unknown): Promise<void> {
    const tx = this.#transaction(stores, "readwrite");
    const end = completion(tx);
    this.#written = Promise.allSettled([this.#written, end]);
    try {
      work(tx);
    } catch (error) {
      // Otherwise the statements before the error would be committed.
      tx.abort();
      end.catch(() => {});
      throw error;
    }
    await end;
  }

  #transaction(stores: string[], mode: IDBTransactionMode = "readonly"): IDBTransaction {
    if (!this.#db) throw new DOMException("there is no database", "InvalidStateError");
    return this.#db.transaction(stores, mode, { durability: "strict" });
  }
}
