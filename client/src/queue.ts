// Our writes, from the moment they are made until the server has answered.
//
// They are sent in order, without waiting for each other's acks unless one builds on another. After a lost connection
// those that were not acked are sent again, the same as the first time, before newer ones. One that the server could not
// carry out just then is tried again, and newer ones wait behind it.

import { renamed, temporary } from "./effects.ts";
import { kept, pending, refusal, type Kept, type Pending, type Row, type WriteKind } from "./pending.ts";
import type { Store } from "./store.ts";
import type { WriteAck } from "./types.ts";

// The server knows a repeat for 24 hours. What was sent longer ago may be carried out twice.
const KNOWN = 23 * 60 * 60 * 1000;

export interface Outside {
  /** The number of the connection, 0 without one. */
  session(): number;
  emit(kind: WriteKind, p: Pending, options: object, ack: (ack: WriteAck<any>) => void): void;
  /** Writes are kept like this from now on, and these not at all any more. */
  keep(changed: Kept[], gone?: string[]): void;
  /** The server has answered. */
  answered(p: Pending, ack: WriteAck<any>): void;
}

export class Queue {
  list: Pending[] = [];
  #seq = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #store: Store;
  #outside: Outside;

  constructor(store: Store, outside: Outside) {
    this.#store = store;
    this.#outside = outside;
  }

  make(write: Omit<Kept, "seq">, base: Row | undefined, settle: Pending["settle"]): void {
    const p = pending({ ...write, seq: ++this.#seq }, false, settle, base);
    for (const id of this.#builds(p)) {
      const [real, maker] = [this.#store.known(id), this.#maker(id)];
      if (real !== id) this.#rename(p, id, real);
      else if (!maker) return settle(depends());
      else if (p.kind === "delete" && !maker.sent) return this.#withdraw(maker, p);
    }
    this.#add(p);
    this.#outside.keep([kept(p)]);
    // In a microtask, so that what is made together is sent together.
    queueMicrotask(() => this.drain());
  }

  /** Takes in writes of an earlier page; whether they were sent is not known, so they count as sent. */
  restore(writes: Kept[]): void {
    let seq = (this.list[0]?.seq ?? 1) - writes.length;
    for (const write of writes) {
      const lost = this.#builds(write).some((id) => !this.#maker(id));
      if (lost) this.#outside.keep([], [write.requestId]);
      else this.#add(pending({ ...write, seq: seq++ }, true, () => {}));
    }
    this.list.sort((one, other) => one.seq - other.seq);
    this.#outside.keep(this.list.map(kept));
    this.drain();
  }

  drain(): void {
    clearTimeout(this.#timer);
    const session = this.#outside.session();
    if (!session) return;
    const [now, rows] = [Date.now(), new Set<string>()];
    for (const p of [...this.list]) {
      if (!this.#store.belongs(p)) continue;
      const row = `${p.collection} ${p.id}`;
      if (p.session !== session) {
        if (p.first && now - p.first > KNOWN) {
          this.settle(p, refusal("$expired", "this was sent too long ago to be sent again: look whether it was carried out"));
          return this.drain();
        }
        if (p.wait > now) return void (this.#timer = setTimeout(() => this.drain(), p.wait - now));
        if (rows.has(row) || this.#builds(p).length) return;
        this.#send(p, session);
      }
      rows.add(row);
    }
  }

  /** Takes a write away, with its ack. */
  settle(p: Pending, ack: WriteAck<any>): void {
    const at = this.list.indexOf(p);
    if (at < 0) return;
    this.list.splice(at, 1);
    const rewritten = ack.ok ? this.#carry(p, ack.data) : [];
    this.#store.remove(p);
    this.#outside.keep(rewritten.map(kept), [p.requestId]);
    this.#outside.answered(p, ack);
    p.settle(ack);
    if (p.kind === "create" && !ack.ok) {
      for (const other of this.list.filter((other) => this.#builds(other).includes(p.id))) this.settle(other, depends());
    }
  }

  /** It has become known who is signed in. */
  own(owner: number | null | undefined): void {
    const made = this.list.filter((p) => p.owner === undefined);
    for (const p of made) p.owner = owner;
    this.#outside.keep(made.map(kept));
  }

  /** Whether an update of this row may have reached the server. */
  flying(collection: string, id: number): boolean {
    return this.list.some((p) => p.collection === collection && p.id === id && p.kind === "update" && p.sent);
  }

  /** The connection is gone, or the client is closed. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #add(p: Pending): void {
    this.list.push(p);
    this.#store.add(p);
  }

  #maker(id: number): Pending | undefined {
    return this.list.find((p) => p.kind === "create" && p.id === id);
  }

  // Rows that it names and that are still to be made.
  #builds(p: Kept): number[] {
    const named = temporary(p.id, p.values, this.#store.nests(p.collection));
    return p.kind === "create" ? named.filter((id) => id !== p.id) : named;
  }

  #rename(p: Pending, from: number, to: number): void {
    if (p.id === from) p.id = to;
    p.values = renamed(p.values, this.#store.nests(p.collection), from, to);
    // What was seen of a row that was being created has since become its first version.
    if (p.values.version === 0) p.values.version = 1;
  }

  // Never sent, so it is as if it had never been made.
  #withdraw(maker: Pending, p: Pending): void {
    const gone = refusal("$withdrawn", "this was deleted before it was sent");
    for (const other of this.list.filter((other) => other !== maker && other.id === maker.id)) this.settle(other, gone);
    this.settle(maker, gone);
    p.settle({ ok: true, data: { id: p.id }, errors: {} });
  }

  #send(p: Pending, session: number): void {
    const table = this.#store.table(p.collection);
    if (!p.first) {
      p.first = Date.now();
      p.after = table.top;
      p.from = table.base.get(p.id)?.version ?? 0;
      this.#outside.keep([kept(p)]);
    }
    p.sent = true;
    p.session = session;
    this.#outside.emit(p.kind, p, { request_id: p.requestId }, (ack) => this.#answer(p, session, ack));
  }

  #answer(p: Pending, session: number, ack: WriteAck<any>): void {
    if (p.session !== session || !this.list.includes(p)) return;
    if (ack.errors.$unavailable || ack.errors.$rate_limited) {
      p.session = 0;
      p.wait = Date.now() + backoff(p.tries++);
    } else this.settle(p, ack);
    this.drain();
  }

  // What builds on a write that was carried out is rewritten before it is sent for the first time.
  #carry(p: Pending, row: Row): Pending[] {
    const rewritten = new Set<Pending>();
    if (p.kind === "create") {
      this.#store.made(p, row.id);
      for (const other of this.list.filter((other) => this.#builds(other).includes(p.id))) {
        this.#store.remove(other);
        this.#rename(other, p.id, row.id);
        this.#store.add(other);
        rewritten.add(other);
      }
    }
    for (const other of p.kind === "delete" ? [] : this.list) {
      if (other.collection !== p.collection || other.id !== row.id || other.first) continue;
      // What was seen before this write is one older after it. If it is older still, somebody else has changed it too.
      if (other.values.version < row.version) {
        other.values = { ...other.values, version: +other.values.version + 1 };
        rewritten.add(other);
      }
    }
    return [...rewritten];
  }
}

const depends = () => refusal("$depends", "what this builds on was not made");

// From a second up to half a minute, and not all clients at the same time.
const backoff = (tries: number) => Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
