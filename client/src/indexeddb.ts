// The last picture and the writes that wait, in the browser's IndexedDB.
//
// Several pages of an origin share one database. One of them at a time owns the picture, and writes rows and cursor in
// one transaction that is void if it is not the owner any more. Each page has writes of its own; those of a page that is
// gone are taken over by another.
//
// Browsers close a database under a page, lose it, have no room for it or forbid it. What is to be kept is in memory as well, so
// all of it is written again as soon as that goes, and meanwhile the client is told that nothing is kept.

import { database, ended } from "./database.ts";
import { hold, tryHold, type Held } from "./locks.ts";
import { uuid, type Kept, type Row } from "./pending.ts";
import type { Difference } from "./picture.ts";
import type { Keeper, KeptPicture, Persistence } from "./persistence.ts";

// How often a page looks for writes that another one has left behind, and tries again to keep its own, in milliseconds.
const LOOK = 30_000;

interface About {
  url: string | undefined;
  hash: string;
}
interface Meta extends Omit<KeptPicture, "rows">, About {}
interface Write {
  page: string;
  url: string | undefined;
  write: Kept;
}

/** Keeps all of it in the database of this name; one name for each front end of an origin. */
export function indexedDb(name: string): Persistence {
  return {
    async open(about, adopt, keeps = () => {}) {
      const page = new Page(`rowcast ${name}`, about, adopt, keeps);
      await page.open();
      return page;
    },
  };
}

class Page implements Keeper {
  picture: KeptPicture | undefined;
  writes: Kept[] = [];
  #id = uuid();
  #held: Held[] = [];
  // Whether the picture is ours to write, and whether what is there is what ours was before the next change.
  #owner = false;
  #follows = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;
  #written: Promise<unknown> = Promise.resolve();
  #db: IDBDatabase | undefined;
  // What is to be there, by which it is written again.
  #waiting = new Map<string, Kept>();
  #latest: { meta: Omit<KeptPicture, "rows">; whole: () => Difference } | undefined;
  #wiped = false;
  // Whether something of it may not be there, and the try to change that.
  #behind = false;
  #mending: Promise<void> | undefined;
  #name: string;
  #about: About;
  #adopt: (writes: Kept[]) => void;
  #keeps: (why?: string) => void;

  constructor(name: string, about: About, adopt: (writes: Kept[]) => void, keeps: (why?: string) => void) {
    [this.#name, this.#about, this.#adopt, this.#keeps] = [name, about, adopt, keeps];
  }

  async open(): Promise<void> {
    this.#held.push(await hold(`${this.#name} page ${this.#id}`));
    const picture = await tryHold(`${this.#name} picture`);
    if (picture) this.#held.push(picture);
    this.#owner = !!picture;
    try {
      await this.#connect();
      // From before the picture is read: no page that had it before writes to it after that.
      if (this.#owner) await this.#transact(["meta"], (tx) => tx.objectStore("meta").put(this.#id, "owner"));
      this.#follows = this.#owner;
      await this.#read();
      this.writes = await this.#leftBehind();
    } catch (error) {
      this.#fails(error);
    }
    if (!picture) {
      const later = hold(`${this.#name} picture`);
      void later.then((held) => (this.#closed ? held() : this.#own(held)), () => {});
    }
    this.#timer = setInterval(() => void this.#look(), LOOK);
    (this.#timer as { unref?(): void }).unref?.();
  }

  change({ rows, ...meta }: KeptPicture, whole: () => Difference): void {
    this.#latest = { meta, whole };
    if (!this.#owner) return;
    this.#save(["meta", "rows"], (tx) => {
      if (!this.#follows) return this.#whole(tx);
      const owner = tx.objectStore("meta").get("owner");
      // Somebody else has written meanwhile, or has signed out: nothing that this change could follow is there.
      owner.onsuccess = () => (owner.result === this.#id ? this.#put(tx, meta, rows) : (this.#follows = false));
    });
  }

  write(changed: Kept[], gone: string[] = []): void {
    for (const { seq, kind, collection, id, requestId, values, optimistic, owner, first, after } of changed) {
      const write: Kept = { seq, kind, collection, id, requestId, values, optimistic, owner, after, ...(first && { first }) };
      this.#waiting.set(requestId, write);
    }
    for (const id of gone) this.#waiting.delete(id);
    this.#save(["writes"], (tx) => {
      const writes = tx.objectStore("writes");
      for (const { requestId } of changed) this.#keep(writes, requestId);
      for (const id of gone) writes.delete(id);
    });
  }

  wipe(): void {
    this.#latest = undefined;
    this.#wiped = true;
    this.#follows = false;
    this.#save(["meta", "rows"], (tx) => this.#clear(tx));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#written;
    if (this.#behind || this.#mending) await this.#mend();
    this.#db?.close();
    for (const held of this.#held) held();
  }

  // Another page had it until now.
  #own(held: Held): void {
    this.#held.push(held);
    this.#owner = true;
    void this.#look();
  }

  #keep(writes: IDBObjectStore, requestId: string): void {
    const write = this.#waiting.get(requestId);
    if (write) writes.put({ page: this.#id, url: this.#about.url, write } satisfies Write, requestId);
  }

  #put(tx: IDBTransaction, meta: Omit<KeptPicture, "rows">, difference: Difference): void {
    const kept = tx.objectStore("rows");
    for (const [collection, { upserted, deleted }] of Object.entries(difference)) {
      for (const row of upserted) kept.put(row, [collection, row.id]);
      for (const id of deleted) kept.delete([collection, id]);
    }
    tx.objectStore("meta").put({ ...this.#about, ...meta } satisfies Meta, "picture");
  }

  #whole(tx: IDBTransaction): void {
    if (!this.#latest) return;
    this.#follows = true;
    tx.objectStore("rows").clear();
    tx.objectStore("meta").put(this.#id, "owner");
    this.#put(tx, this.#latest.meta, this.#latest.whole());
  }

  #clear(tx: IDBTransaction): void {
    tx.objectStore("rows").clear();
    tx.objectStore("meta").clear();
    tx.addEventListener("complete", () => (this.#wiped = false));
  }

  async #connect(): Promise<void> {
    const db = await database(this.#name);
    // Another version of this page, or the user, wants the database to go; or the browser has let go of it.
    const lost = (why: string) => {
      if (this.#db !== db) return;
      this.#fails(new DOMException(why, "InvalidStateError"));
      void this.#mend();
    };
    db.onversionchange = () => {
      db.close();
      lost("somebody else wants the database to go");
    };
    db.onclose = () => lost("the browser has closed the database");
    this.#db = db;
  }

  async #read(): Promise<void> {
    const tx = this.#transaction(["meta", "rows"]);
    const [meta, keys, rows] = [
      tx.objectStore("meta").get("picture") as IDBRequest<Meta | undefined>,
      tx.objectStore("rows").getAllKeys() as IDBRequest<unknown> as IDBRequest<[string, number][]>,
      tx.objectStore("rows").getAll() as IDBRequest<Row[]>,
    ];
    await ended(tx);
    if (!meta.result) return;
    const { url, hash, ...picture } = meta.result;
    if (url !== this.#about.url || hash !== this.#about.hash) {
      this.#follows = false;
      return;
    }
    this.picture = { ...picture, rows: {} };
    for (const [n, [collection]] of keys.result.entries()) {
      (this.picture.rows[collection] ??= { upserted: [], deleted: [] }).upserted.push(rows.result[n]!);
    }
  }

  async #look(): Promise<void> {
    if (this.#behind) await this.#mend();
    const writes = await this.#leftBehind().catch(() => []);
    if (writes.length && !this.#closed) this.#adopt(writes);
  }

  // Makes the writes ours whose page is gone.
  async #leftBehind(): Promise<Kept[]> {
    const all = await this.#all();
    const pages = new Set(all.map((one) => one.page).filter((page) => page !== this.#id));
    const taken: Kept[] = [];
    for (const page of pages) {
      const gone = await tryHold(`${this.#name} page ${page}`);
      if (!gone) continue;
      const left = (await this.#all()).filter((one) => one.page === page).map((one) => one.write);
      this.write(left, []);
      taken.push(...left);
      gone();
    }
    return taken.sort((one, other) => one.seq - other.seq);
  }

  async #all(): Promise<Write[]> {
    const tx = this.#transaction(["writes"]);
    const all: IDBRequest<Write[]> = tx.objectStore("writes").getAll();
    await ended(tx);
    return all.result.filter((one) => one.url === this.#about.url);
  }

  // A database that is full, or gone, is no reason to stop: what could not be written is in memory.
  #save(stores: string[], work: (tx: IDBTransaction) => unknown): void {
    if (this.#behind || this.#mending) {
      this.#behind = true;
      return void this.#mend();
    }
    this.#transact(stores, work).catch((error) => {
      this.#fails(error);
      void this.#mend();
    });
  }

  #fails(error: unknown): void {
    this.#behind = true;
    this.#follows = false;
    // More room may come; any other fault may be the connection's.
    if ((error as Partial<Error>).name !== "QuotaExceededError") {
      this.#db?.close();
      this.#db = undefined;
    }
    this.#keeps(`${error}`);
  }

  // One try at a time; the next one is with the next change, or some time later.
  #mend(): Promise<void> {
    return (this.#mending ??= this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    try {
      if (!this.#db) await this.#connect();
      do {
        this.#behind = false;
        await this.#transact(["meta", "rows", "writes"], (tx) => this.#everything(tx));
      } while (this.#behind);
      // At once, so that no change falls between the last look and this.
      this.#mending = undefined;
      this.#keeps();
    } catch (error) {
      this.#mending = undefined;
      this.#fails(error);
    }
  }

  #everything(tx: IDBTransaction): void {
    if (this.#wiped) this.#clear(tx);
    if (this.#owner) this.#whole(tx);
    const writes = tx.objectStore("writes");
    for (const requestId of this.#waiting.keys()) this.#keep(writes, requestId);
    const [keys, all] = [writes.getAllKeys(), writes.getAll() as IDBRequest<Write[]>];
    // Answered meanwhile.
    all.onsuccess = () => {
      for (const [n, { page, write }] of all.result.entries()) {
        if (page === this.#id && !this.#waiting.has(write.requestId)) writes.delete(keys.result[n]!);
      }
    };
  }

  async #transact(stores: string[], work: (tx: IDBTransaction) => unknown): Promise<void> {
    const tx = this.#transaction(stores, "readwrite");
    const end = ended(tx);
    this.#written = Promise.allSettled([this.#written, end]);
    try {
      work(tx);
    } catch (error) {
      // Or the half of it that went well would be kept.
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
