// Our writes, from the moment they are made until the server has answered.
//
// They are sent in order, without waiting for each other's acks unless one builds on another. After a lost connection
// those that were not acked are sent again, the same as the first time, before newer ones. One that the server could not
// carry out just then is tried again, and newer ones wait behind it.

import { renamed, temporary } from "./effects.ts";
import { backoff, refusal, type Kept, type Pending, type Row } from "./pending.ts";
import { inOrder, type Store } from "./store.ts";
import type { WriteAck } from "./types.ts";

// The server knows a repeat for 24 hours. What was sent longer ago may be carried out twice.
const KNOWN = 23 * 60 * 60 * 1000;

// In the place of a connection: what is there to be sent is about to be.
const DUE = -1;

export interface Outside {
  /** The number of the connection, 0 without one. */
  session(): number;
  belongs(p: Pending): boolean;
  emit(p: Pending, ack: (ack: WriteAck<any>) => void): void;
  /** Writes are kept like this from now on, and these not at all any more. */
  keep(changed: Kept[], gone?: string[]): void;
  /** The server has answered. */
  answered(p: Pending, ack: WriteAck<any>): void;
}

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(store: Store, { session, belongs, emit, keep, answered }: Outside) {
  const list: Pending[] = [];
  // Temporary ids that other writes refer to.
  const named = new Set<number>();
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The connection on which nothing is left to be sent.
  let done = 0;
  // Not before, in milliseconds since 1970, and after how many tries.
  let wait = 0;
  let tries = 0;

  function make(write: Omit<Pending, "seq">): void {
    const p = { ...write, seq: ++seq };
    for (const id of builds(p)) {
      const [real, maker] = [store.known(id), makes(id)];
      if (real !== id) rename(p, id, real);
      else if (!maker) return p.settle!(depends());
      else if (p.kind === "delete" && !maker.sent) return withdraw(maker, p);
    }
    add(p);
    keep([p]);
    // What is made together is sent together.
    if (done !== DUE) queueMicrotask(wake);
    done = DUE;
  }

  /** Takes in writes of an earlier page; whether they were sent is not known, so they count as sent. */
  function restore(writes: Kept[]): void {
    let before = (list[0]?.seq ?? 1) - writes.length;
    for (const write of writes) {
      const p = { ...write, seq: before++, sent: true };
      if (builds(p).every(makes)) add(p);
      else keep([], [p.requestId]);
    }
    list.sort(inOrder);
    keep(list);
    wake();
  }

  /** Looks again at what may be sent, which is nothing without a connection. */
  function wake(): void {
    done = 0;
    drain();
  }

  function drain(): void {
    clearTimeout(timer);
    const on = session();
    if (!on || on === done) return;
    const [now, rows] = [Date.now(), new Set<string>()];
    for (const p of list) {
      if (!belongs(p)) continue;
      const row = `${p.collection} ${p.id}`;
      if (p.on !== on) {
        if (p.first && now - p.first > KNOWN) {
          settle(p, refusal("expired", "sent too long ago: see whether it was done"));
          return drain();
        }
        if (wait > now) {
          timer = setTimeout(drain, wait - now);
          return;
        }
        // While one is tried again nothing overtakes it.
        if (rows.has(row) || builds(p).length || (tries && rows.size)) return;
        send(p, on);
      }
      rows.add(row);
    }
    done = on;
  }

  function send(p: Pending, on: number): void {
    if (!p.first) {
      p.first = Date.now();
      p.after = store.part(p.collection).top;
      keep([p]);
    }
    p.sent = true;
    p.on = on;
    emit(p, (ack) => {
      if (p.on !== on) return;
      if (ack.errors.$unavailable || ack.errors.$rate_limited) {
        p.on = done = 0;
        wait = Date.now() + backoff(tries++);
      } else {
        tries = 0;
        settle(p, ack);
      }
      drain();
    });
  }

  /** Takes a write away, with its ack. */
  function settle(p: Pending, ack: WriteAck<any>): void {
    const at = list.indexOf(p);
    if (at < 0) return;
    list.splice(at, 1);
    const { id, kind } = p;
    store.remove(p, ack.ok && kind === "create" ? ack.data.id : 0);
    const waiting = named.has(id) && kind === "create" ? list.filter((other) => builds(other).includes(id)) : [];
    keep(ack.ok ? carry(p, ack.data, waiting) : [], [p.requestId]);
    answered(p, ack);
    p.settle?.(ack);
    if (!ack.ok) for (const other of waiting) settle(other, depends());
  }

  // What builds on a write that was carried out is rewritten before it is sent for the first time.
  function carry({ id, collection }: Pending, row: Row, waiting: Pending[]): Pending[] {
    for (const other of waiting) {
      store.remove(other);
      rename(other, id, row.id);
      store.add(other);
    }
    const next = store.part(collection).writes.get(row.id) ?? [];
    // What was seen before this write is one older after it. If it is older still, somebody else has changed it too.
    const older = next.filter((other) => !other.first && other.values.version < row.version);
    for (const other of older) other.values = { ...other.values, version: +other.values.version + 1 };
    return [...waiting, ...older];
  }

  // Never sent, so it is as if it had never been made.
  function withdraw({ collection, id }: Pending, { settle: answer }: Pending): void {
    for (const p of [...store.part(collection).writes.get(id)!].reverse()) {
      settle(p, refusal("withdrawn", "deleted before it was sent"));
    }
    answer!({ ok: true, data: { id }, errors: {} });
  }

  function add(p: Pending): void {
    list.push(p);
    for (const id of builds(p)) named.add(id);
    store.add(p);
  }

  const makes = (id: number) => list.find((p) => p.kind === "create" && p.id === id);

  // Rows that it names and that are still to be made.
  function builds({ id, kind, collection, values }: Pending): number[] {
    const others = temporary(values, store.part(collection).nests);
    return id < 0 && kind !== "create" ? [id, ...others] : others;
  }

  function rename(p: Pending, from: number, to: number): void {
    if (p.id === from) p.id = to;
    p.values = renamed(p.values, store.part(p.collection).nests, from, to);
    // What was seen of a row that was being created has since become its first version.
    if (p.values.version === 0) p.values.version = 1;
  }

  return {
    list,
    make,
    restore,
    wake,
    settle,
  };
}

const depends = () => refusal("depends", "what this builds on was not made");
