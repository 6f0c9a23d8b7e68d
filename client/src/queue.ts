// Our writes, from the moment they are made until the server has answered.
//
// They are sent in order, without waiting for each other's acks unless one builds on another. After a lost connection
// those that were not acked are sent again, the same as the first time, before newer ones.
//
// What the server cannot carry out just then is tried again. If that is the server's state, all newer ones wait behind it.
// If it is the row's, or the write's outcome is unknown as yet, only those wait that build on it.

import { fits, renamed, temporary } from "./effects.ts";
import { backoff, refusal, taken, type Kept, type Pending, type Row } from "./pending.ts";
import { inOrder, type Store } from "./store.ts";
import type { Identified, WriteAck } from "./types.ts";

// The server knows a repeat for 24 hours. What was sent longer ago may be carried out twice.
const KNOWN = 23 * 60 * 60 * 1000;

// In the place of a connection: what is there to be sent is about to be.
const DUE = -1;

export interface Outside {
  /** The number of the connection, 0 without one. */
  session(): number;
  /** In milliseconds since 1970, by the server's clock: a device's may be set to anything. */
  time(): number;
  belongs(p: Pending): boolean;
  emit(p: Pending, ack: (ack: WriteAck<any>) => void): void;
  /** Writes are kept like this from now on, and these not at all any more. */
  keep(changed: Kept[], gone?: string[]): void;
  /** The server has answered. */
  answered(p: Pending, ack: WriteAck<any>): void;
}

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(store: Store, { session, time, belongs, emit, keep, answered }: Outside) {
  const list: Pending[] = [];
  // Temporary ids that other writes refer to.
  const named = new Set<number>();
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The connection on which nothing is left to be sent.
  let done = 0;
  // Not before, by this page's own clock, and after how many tries.
  let wait = 0;
  let tries = 0;

  function make(write: Omit<Pending, "seq">): void {
    const p = { ...write, seq: ++seq };
    for (const id of builds(p)) {
      const real = store.known(id);
      const maker = makes(id);
      if (real) rename(p, id, real);
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
      taken(write.id);
      const base = store.part(write.collection).base.get(write.id);
      const p = { ...write, seq: before++, sent: true, base };
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
    const on = session();
    if (on && on === done) return;
    clearTimeout(timer);
    if (!on) return;
    const now = performance.now();
    // Rows of writes that are under way, and what those are about that wait alone.
    const rows = new Set<string>();
    const held = new Set<string | number>();
    let all = true;
    let due = Infinity;
    for (const p of list) {
      if (!belongs(p)) continue;
      const row = `${p.collection} ${p.id}`;
      const stuck = held.size > 0 && (held.has(row) || builds(p).some((id) => held.has(id)));
      if (p.on !== on) {
        if (p.first && Math.abs(time() - p.first) > KNOWN) {
          settle(p, refusal("expired", "too old: see whether it was done"));
          return drain();
        }
        if (p.until! > now) due = Math.min(due, p.until!);
        else if (!stuck) {
          // While one is tried again for all nothing overtakes it.
          all = wait <= now && !(rows.has(row) || builds(p).length || (tries && rows.size));
          if (wait > now) due = Math.min(due, wait);
          if (!all) break;
          send(p, on);
        }
      }
      // The row that is taken for the one that it makes may be named by either id.
      if (stuck || p.tries) held.add(row).add(p.id).add(`${p.collection} ${p.match}`);
      if (p.on === on) rows.add(row);
    }
    if (all) done = on;
    if (due < Infinity) timer = setTimeout(wake, due - now);
  }

  function send(p: Pending, on: number): void {
    if (!p.first) {
      p.first = time();
      p.after = store.part(p.collection).top;
      keep([p]);
    }
    p.sent = true;
    p.on = on;
    emit(p, (ack) => {
      if (p.on !== on) return;
      const { errors } = ack;
      const now = performance.now();
      // What it held back is looked at again.
      if (p.tries) done = 0;
      if (errors.$locked || errors.$unknown_outcome) {
        p.on = done = tries = 0;
        p.tries ??= 0;
        // Not soon: the server has waited for seconds already, and keeps our other writes waiting while it does so again.
        p.until = now + backoff(2 + p.tries++);
      } else if (errors.$unavailable || errors.$rate_limited) {
        p.on = done = 0;
        wait = now + backoff(tries++);
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
    store.remove(p, ack.ok && kind === "create" ? ack.data : undefined);
    const waiting = named.has(id) && kind === "create" ? list.filter((other) => builds(other).includes(id)) : [];
    keep(ack.ok ? carry(p, ack.data, waiting) : [], [p.requestId]);
    answered(p, ack);
    p.settle?.(ack);
    if (!ack.ok) for (const other of waiting) settle(other, depends());
  }

  // What builds on a write that was carried out is rewritten before it is sent for the first time.
  function carry({ id, kind, collection, values }: Pending, row: Row, waiting: Pending[]): Pending[] {
    for (const other of waiting) {
      store.remove(other);
      rename(other, id, row);
      store.add(other);
    }
    if (kind !== "update") return waiting;
    const { base, nests, writes } = store.part(collection);
    const seen = values.version;
    const now = base.get(row.id)?.version;
    // A version that was seen before this write is carried along if this write is all that has happened to the row since. It is if
    // it was made on that version, and if it was made on any, where the row is now just what it makes of the one that was seen.
    const next = (writes.get(row.id) ?? []).filter((other) => {
      const { version } = other.values;
      if (other.first || version == null) return false;
      if (seen != null) return version === seen;
      return other.base?.version === version && version !== now && fits(row, { ...other.base, ...values }, nests);
    });
    for (const other of next) {
      other.values = { ...other.values, version: row.version };
      other.base = row;
    }
    return [...waiting, ...next];
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

  function rename(p: Pending, from: number, to: Identified): void {
    const { base, nests } = store.part(p.collection);
    p.values = renamed(p.values, nests, from, to.id);
    if (p.id !== from) return;
    p.base = base.get((p.id = to.id));
    // What was seen of a row that was being created has since become its first version.
    if (p.values.version === 0) p.values.version = to.version;
  }

  return {
    list,
    make,
    restore,
    wake,
    settle,
  };
}

const depends = () => refusal("depends", "builds on what was not made");
