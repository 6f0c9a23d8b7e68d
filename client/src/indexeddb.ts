// The last picture and the writes that wait, in the browser's IndexedDB.
//
// Several pages of an origin share one database. One of them at a time owns the picture, and writes rows and cursor in
// one transaction that is void if it is not the owner any more. Each page has writes of its own; those of a page that is
// gone are taken over by another.

import { hold, tryHold, type Held } from "./locks.ts";
import { uuid, type Kept, type Row } from "./pending.ts";
import type { Difference } from "./picture.ts";
import type { Keeper, KeptPicture, Persistence } from "./persistence.ts";

// How often a page looks for writes that another one has left behind, in milliseconds.
const LOOK = 30_000;
// How long a database may take to be opened, in milliseconds.
const PATIENCE = 3000;

interface Meta extends Omit<KeptPicture, "rows"> {
  url: string | undefined;
  hash: string;
}
interface Write {
  page: string;
  url: string | undefined;
  write: Kept;
}
interface About {
  url: string | undefined;
  hash: string;
}

/** Keeps all of it in the database of this name; one name for each front end of an origin. */
export function indexedDb(name: string): Persistence {
  return {
    async open(about, adopt) {
      const page = new Page(await database(`rowcast ${name}`), `rowcast ${name}`, about, adopt);
      try {
        await page.open();
      } catch (error) {
        await page.close();
        throw error;
      }
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
  #db: IDBDatabase;
  #name: string;
  #about: About;
  #adopt: (writes: Kept[]) => void;

  constructor(db: IDBDatabase, name: string, about: About, adopt: (writes: Kept[]) => void) {
    [this.#db, this.#name, this.#about, this.#adopt] = [db, name, about, adopt];
    // Another version of this page, or the user, wants the database to go.
    db.onversionchange = () => db.close();
  }

  async open(): Promise<void> {
    this.#held.push(await hold(`${this.#name} page ${this.#id}`));
    const picture = await tryHold(`${this.#name} picture`);
    if (picture) this.#own(picture, true);
    await this.#read();
    if (!picture) {
      const later = hold(`${this.#name} picture`);
      void later.then((held) => (this.#closed ? held() : this.#own(held, false)), () => {});
    }
    this.writes = await this.#leftBehind();
    this.#timer = setInterval(() => void this.#look(), LOOK);
    (this.#timer as { unref?(): void }).unref?.();
  }

  change({ rows, ...meta }: KeptPicture, whole: () => Difference): void {
    if (!this.#owner) return;
    this.#transact(["meta", "rows"], (tx) => {
      const [about, kept] = [tx.objectStore("meta"), tx.objectStore("rows")];
      const put = (difference: Difference) => {
        for (const [collection, { upserted, deleted }] of Object.entries(difference)) {
          for (const row of upserted) kept.put(row, [collection, row.id]);
          for (const id of deleted) kept.delete([collection, id]);
        }
        about.put({ ...this.#about, ...meta }, "picture");
      };
      if (this.#follows) {
        const owner = about.get("owner");
        // Somebody else has written meanwhile, or has signed out: nothing that this change could follow is there.
        owner.onsuccess = () => (owner.result === this.#id ? put(rows) : (this.#follows = false));
      } else {
        this.#follows = true;
        kept.clear();
        about.put(this.#id, "owner");
        put(whole());
      }
    }).catch(() => (this.#follows = false));
  }

  write(changed: Kept[], gone: string[] = []): void {
    this.#transact(["writes"], (tx) => {
      const writes = tx.objectStore("writes");
      for (const { seq, kind, collection, id, requestId, values, optimistic, owner, first, after } of changed) {
        const write: Kept = { seq, kind, collection, id, requestId, values, optimistic, owner, after, ...(first && { first }) };
        writes.put({ page: this.#id, url: this.#about.url, write } satisfies Write, requestId);
      }
      for (const id of gone) writes.delete(id);
    }).catch(() => {});
  }

  wipe(): void {
    this.#follows = false;
    this.#transact(["meta", "rows"], (tx) => {
      tx.objectStore("rows").clear();
      tx.objectStore("meta").clear();
    }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#written;
    this.#db.close();
    for (const held of this.#held) held();
  }

  #own(held: Held, follows: boolean): void {
    this.#held.push(held);
    [this.#owner, this.#follows] = [true, follows];
    if (!follows) void this.#look();
    // From before the picture is read: no page that had it before writes to it after that.
    else this.#transact(["meta"], (tx) => tx.objectStore("meta").put(this.#id, "owner")).catch(() => (this.#follows = false));
  }

  async #read(): Promise<void> {
    const tx = this.#db.transaction(["meta", "rows"]);
    const [meta, keys, rows] = [
      tx.objectStore("meta").get("picture") as IDBRequest<Meta | undefined>,
      tx.objectStore("rows").getAllKeys() as IDBRequest<unknown> as IDBRequest<[string, number][]>,
      tx.objectStore("rows").getAll() as IDBRequest<Row[]>,
    ];
    await ended(tx);
    if (!meta.result) return;
    const { url, hash, ...picture } = meta.result;
    if (url !== this.#about.url || hash !== this.#about.hash) {
      if (this.#owner) this.#follows = false;
      return;
    }
    this.picture = { ...picture, rows: {} };
    for (const [n, [collection]] of keys.result.entries()) {
      (this.picture.rows[collection] ??= { upserted: [], deleted: [] }).upserted.push(rows.result[n]!);
    }
  }

  async #look(): Promise<void> {
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
    const tx = this.#db.transaction("writes");
    const all: IDBRequest<Write[]> = tx.objectStore("writes").getAll();
    await ended(tx);
    return all.result.filter((one) => one.url === this.#about.url);
  }

  // A database that is full, or gone, is no reason to stop: what could not be written is in memory.
  async #transact(stores: string[], work: (tx: IDBTransaction) => unknown): Promise<void> {
    const tx = this.#db.transaction(stores, "readwrite", { durability: "strict" });
    const end = ended(tx);
    this.#written = Promise.allSettled([this.#written, end]);
    try {
      work(tx);
    } catch (error) {
      // Or the half of it that went well would be kept.
      tx.abort();
      throw error;
    }
    await end;
  }
}

function database(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    // Some browsers never answer; the page is not to wait for that.
    const late = setTimeout(() => reject(new Error("no answer")), PATIENCE);
    request.onupgradeneeded = () => {
      for (const store of ["meta", "rows", "writes"]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      clearTimeout(late);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

function ended(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
}
