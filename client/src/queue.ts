// Our writes, from the moment they are made until the server has answered.
//
// They are sent in order, without waiting for each other's acks unless one builds on another. After a lost connection
// those that were not acked are sent again, the same as the first time, before newer ones. One that the server could not
// carry out just then is tried again, and newer ones wait behind it.

import { renamed, temporary } from "./effects.ts";
import { get } from "./listeners.ts";
import { refusal, type Kept, type Pending, type Row } from "./pending.ts";
import type { Store } from "./store.ts";
import type { WriteAck } from "./types.ts";

// The server knows a repeat for 24 hours. What was sent longer ago may be carried out twice.
const KNOWN = 23 * 60 * 60 * 1000;

export interface Outside {
  /** The number of the connection, 0 without one. */
  session(): number;
  belongs(p: Pending): boolean;
  emit(write: Kept, ack: (ack: WriteAck<any>) => void): void;
  /** Writes are kept like this from now on, and these not at all any more. */
  keep(changed: Kept[], gone?: string[]): void;
  /** The server has answered. */
  answered(p: Pending, ack: WriteAck<any>): void;
}

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(store: Store, outside: Outside) {
  const list: Pending[] = [];
  // Creates by their temporary ids, and what builds on them.
  const makers = new Map<number, Pending>();
  const builders = new Map<number, Set<Pending>>();
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // On this connection nothing is left to be sent.
  let done = 0;
  let due = false;

  function make(write: Omit<Kept, "seq">, base: Row | undefined, settle: Pending["settle"]): void {
    const p = pending({ ...write, seq: ++seq }, false, settle, base);
    for (const id of builds(p)) {
      const [real, maker] = [store.known(id), makers.get(id)];
      if (real !== id) rename(p, id, real);
      else if (!maker) return settle(depends());
      else if (write.kind === "delete" && !maker.sent) return withdraw(maker, p);
    }
    add(p);
    outside.keep([p.kept]);
    // What is made together is sent together.
    if (!due) queueMicrotask(wake);
    due = true;
  }

  /** Takes in writes of an earlier page; whether they were sent is not known, so they count as sent. */
  function restore(writes: Kept[]): void {
    let before = (list[0]?.kept.seq ?? 1) - writes.length;
    for (const write of writes) {
      const p = pending({ ...write, seq: before++ }, true, () => {});
      if (builds(p).every((id) => makers.has(id))) add(p);
      else outside.keep([], [write.requestId]);
    }
    list.sort((one, other) => one.kept.seq - other.kept.seq);
    outside.keep(list.map((p) => p.kept));
    wake();
  }

  function wake(): void {
    done = 0;
    due = false;
    drain();
  }

  function drain(): void {
    clearTimeout(timer);
    const session = outside.session();
    if (!session || session === done) return;
    const [now, rows] = [Date.now(), new Set<string>()];
    for (const p of list) {
      if (!outside.belongs(p)) continue;
      const { first, collection, id } = p.kept;
      const row = `${collection} ${id}`;
      if (p.session !== session) {
        if (first && now - first > KNOWN) {
          settle(p, refusal("expired", "this was sent too long ago to be sent again: look whether it was carried out"));
          return drain();
        }
        if (p.wait > now) {
          timer = setTimeout(drain, p.wait - now);
          return;
        }
        if (rows.has(row) || builds(p).length) return;
        send(p, session);
      }
      rows.add(row);
    }
    done = session;
  }

  function send(p: Pending, session: number): void {
    const { collection, id, first } = p.kept;
    const { top, base } = store.table(collection);
    if (!first) {
      change(p, { first: Date.now(), after: top, from: base.get(id)?.version ?? 0 });
      outside.keep([p.kept]);
    }
    p.sent = true;
    p.session = session;
    outside.emit(p.kept, (ack) => {
      if (p.session !== session) return;
      if (ack.errors.$unavailable || ack.errors.$rate_limited) {
        p.session = done = 0;
        p.wait = Date.now() + backoff(p.tries++);
      } else settle(p, ack);
      drain();
    });
  }

  /** Takes a write away, with its ack. */
  function settle(p: Pending, ack: WriteAck<any>): void {
    const at = list.indexOf(p);
    if (at < 0) return;
    list.splice(at, 1);
    const { id, requestId, kind } = p.kept;
    makers.delete(id);
    builds(p).forEach((id) => builders.get(id)?.delete(p));
    store.remove(p, ack.ok && kind === "create" ? ack.data.id : 0);
    const waiting = (kind === "create" && builders.get(id)) || [];
    builders.delete(id);
    outside.keep(ack.ok ? carry(p, ack.data, [...waiting]) : [], [requestId]);
    outside.answered(p, ack);
    p.settle(ack);
    if (!ack.ok) for (const other of waiting) settle(other, depends());
  }

  // What builds on a write that was carried out is rewritten before it is sent for the first time.
  function carry({ kept: { id, kind, collection } }: Pending, row: Row, waiting: Pending[]): Kept[] {
    const rewritten = new Set(waiting);
    for (const other of waiting) {
      store.remove(other);
      rename(other, id, row.id);
      store.add(other);
    }
    for (const other of kind === "delete" ? [] : store.writes(collection, row.id)) {
      const { first, values } = other.kept;
      // What was seen before this write is one older after it. If it is older still, somebody else has changed it too.
      if (first || !(values.version < row.version)) continue;
      change(other, { values: { ...values, version: +values.version + 1 } });
      rewritten.add(other);
    }
    return [...rewritten].map((p) => p.kept);
  }

  // Never sent, so it is as if it had never been made.
  function withdraw(maker: Pending, { kept: { id }, settle: answer }: Pending): void {
    const gone = refusal("withdrawn", "this was deleted before it was sent");
    for (const p of [...store.writes(maker.kept.collection, id)].reverse()) settle(p, gone);
    answer({ ok: true, data: { id }, errors: {} });
  }

  function add(p: Pending): void {
    list.push(p);
    if (p.kept.kind === "create") makers.set(p.kept.id, p);
    for (const id of builds(p)) get(builders, id, () => new Set()).add(p);
    store.add(p);
  }

  // Rows that it names and that are still to be made.
  function builds({ kept: { id, kind, collection, values } }: Pending): number[] {
    const named = temporary(values, store.nests(collection));
    return id < 0 && kind !== "create" ? [id, ...named] : named;
  }

  function rename(p: Pending, from: number, to: number): void {
    const { id, values, collection } = p.kept;
    const next = renamed(values, store.nests(collection), from, to);
    // What was seen of a row that was being created has since become its first version.
    if (next.version === 0) next.version = 1;
    change(p, { id: id === from ? to : id, values: next });
  }

  return {
    list,
    make,
    restore,
    wake,
    settle,
    stop: () => clearTimeout(timer),
    /** It has become known who is signed in. */
    own(owner: number | null): void {
      const made = list.filter((p) => p.kept.owner === undefined);
      for (const p of made) change(p, { owner });
      outside.keep(made.map((p) => p.kept));
    },
  };
}

const pending = (kept: Kept, sent: boolean, settle: Pending["settle"], base?: Row): Pending => ({
  kept,
  sent,
  session: 0,
  tries: 0,
  wait: 0,
  match: 0,
  base,
  settle,
});

// What is kept is never changed in place: it may be on its way to the disk.
const change = (p: Pending, to: Partial<Kept>) => void (p.kept = { ...p.kept, ...to });

const depends = () => refusal("depends", "what this builds on was not made");

// From a second up to half a minute, and not all clients at the same time.
const backoff = (tries: number) => Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
