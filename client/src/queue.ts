// Pending writes, until the server has acked them.
//
// They are sent in order, without waiting for each other's acks unless one depends on another. After a lost connection
// the unacked ones are sent again, unchanged and before newer ones.
//
// A write that the server cannot carry out at the moment is repeated. If the cause is the server's state, all newer
// writes wait. If the cause is a locked row or an unknown outcome, only the dependent writes wait.

import type { BaseRow, Pending, PersistedWrite, Row, WriteAck } from "./model.ts";
import { matches, replaceId, temporaryReferences } from "./optimistic.ts";
import { backoff, refusal, reserveTemporaryId } from "./pending.ts";
import { inOrder, type Store } from "./store.ts";

// The server remembers a request id for 24 hours. An older write could be carried out twice.
const IDEMPOTENCY_WINDOW = 23 * 60 * 60 * 1000;

// In the place of a connection id: a flush is scheduled.
const SCHEDULED = -1;

export interface QueueContext {
  /** Id of the connection, 0 without one. */
  connection(): number;
  /** Milliseconds since 1970 by the server's clock: the device's clock may be wrong. */
  time(): number;
  isActive(p: Pending): boolean;
  emit(p: Pending, ack: (ack: WriteAck<any>) => void): void;
  /** Stores the changed writes, and removes others from the storage. */
  persist(changed: PersistedWrite[], removed?: string[]): void;
  onSettled(p: Pending, ack: WriteAck<any>): void;
}

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(store: Store, { connection, time, isActive, emit, persist, onSettled }: QueueContext) {
  const { collectionState } = store;
  const list: Pending[] = [];
  // Temporary ids that other writes reference.
  const referenced = new Set<number>();
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Id of the connection on which nothing is left to be sent.
  let done = 0;
  // When to try again, by the page's own clock, and the number of tries so far.
  let retryAt = 0;
  let tries = 0;

  function push(write: Omit<Pending, "seq">): void {
    const p = { ...write, seq: ++seq };
    for (const id of dependencies(p)) {
      const real = store.created.get(id);
      const creator = creatorOf(id);
      if (real) rename(p, id, real);
      else if (!creator) return p.settle!(depends());
      else if (p.kind === "delete" && !creator.sent) return withdraw(creator, p);
    }
    add(p);
    persist([p]);
    // Writes of one microtask are sent together.
    if (done !== SCHEDULED) queueMicrotask(flush);
    done = SCHEDULED;
  }

  /** Adds writes of an earlier page. Whether they were sent is not known, so they count as sent. */
  function restore(writes: PersistedWrite[]): void {
    let before = (list[0]?.seq ?? 1) - writes.length;
    for (const write of writes) {
      reserveTemporaryId(write.id);
      const base = collectionState(write.collection).base.get(write.id);
      const p = { ...write, seq: before++, sent: true, base };
      if (dependencies(p).every(creatorOf)) add(p);
      else persist([], [p.requestId]);
    }
    list.sort(inOrder);
    persist(list);
    flush();
  }

  /** Sends what may be sent; nothing without a connection. */
  function flush(): void {
    done = 0;
    drain();
  }

  function drain(): void {
    const on = connection();
    if (on && on === done) return;
    clearTimeout(timer);
    if (!on) return;
    const now = performance.now();
    // Rows with a write in flight, and ids and rows of writes that wait alone.
    const inFlight = new Set<string>();
    const held = new Set<string | number>();
    let all = true;
    let due = Infinity;
    for (const p of list) {
      if (!isActive(p)) continue;
      const row = `${p.collection} ${p.id}`;
      const blocked = held.size > 0 && (held.has(row) || dependencies(p).some((id) => held.has(id)));
      if (p.on !== on) {
        if (p.first && Math.abs(time() - p.first) > IDEMPOTENCY_WINDOW) {
          settle(p, refusal("expired", "too old to send"));
          return drain();
        }
        if (p.until! > now) due = Math.min(due, p.until!);
        else if (!blocked) {
          // While the oldest write is repeated for all, no other one overtakes it.
          all = retryAt <= now && !(inFlight.has(row) || dependencies(p).length || (tries && inFlight.size));
          if (retryAt > now) due = Math.min(due, retryAt);
          if (!all) break;
          send(p, on);
        }
      }
      // Later writes may name a created row by its temporary id or by the matched one.
      if (blocked || p.tries) held.add(row).add(p.id).add(`${p.collection} ${p.match}`);
      if (p.on === on) inFlight.add(row);
    }
    if (all) done = on;
    if (due < Infinity) timer = setTimeout(flush, due - now);
  }

  function send(p: Pending, on: number): void {
    if (!p.first) {
      p.first = time();
      p.after = collectionState(p.collection).top;
      persist([p]);
    }
    p.sent = true;
    p.on = on;
    emit(p, (ack) => {
      if (p.on !== on) return;
      const { errors } = ack;
      const now = performance.now();
      // Unblocks the writes that waited for this one.
      if (p.tries) done = 0;
      if (errors.$locked || errors.$unknown_outcome) {
        p.on = done = tries = 0;
        p.tries ??= 0;
        // Not soon: the server has waited for seconds, and delays this client's other writes while it waits again.
        p.until = now + backoff(2 + p.tries++);
      } else if (errors.$unavailable || errors.$rate_limited) {
        p.on = done = 0;
        retryAt = now + backoff(tries++);
      } else {
        tries = 0;
        settle(p, ack);
      }
      drain();
    });
  }

  /** Removes a write with its ack. */
  function settle(p: Pending, ack: WriteAck<any>): void {
    const at = list.indexOf(p);
    if (at < 0) return;
    list.splice(at, 1);
    const { id, kind } = p;
    store.remove(p, ack.ok && kind === "create" ? ack.data : undefined);
    const dependents = referenced.has(id) && kind === "create" ? list.filter((other) => dependencies(other).includes(id)) : [];
    persist(ack.ok ? rebase(p, ack.data, dependents) : [], [p.requestId]);
    onSettled(p, ack);
    p.settle?.(ack);
    if (!ack.ok) for (const other of dependents) settle(other, depends());
  }

  // Rewrites the writes that depend on a successful one, before their first send.
  function rebase({ id, kind, collection, values }: Pending, row: Row, dependents: Pending[]): Pending[] {
    for (const other of dependents) {
      store.remove(other);
      rename(other, id, row);
      store.add(other);
    }
    if (kind !== "update") return dependents;
    const { base, nests, writes } = collectionState(collection);
    const seen = values.version;
    const now = base.get(row.id)?.version;
    // A write gets the new version if nothing else has changed the row since. That is so if both writes were made on
    // the same version; or, if this one was made on any, if the row is what this write makes of the version that the
    // other was made on.
    const next = (writes.get(row.id) ?? []).filter((other) => {
      const { version } = other.values;
      if (other.first || version == null) return false;
      if (seen != null) return version === seen;
      return other.base?.version === version && version !== now && matches(row, { ...other.base, ...values }, nests);
    });
    for (const other of next) {
      other.values = { ...other.values, version: row.version };
      other.base = row;
    }
    return [...dependents, ...next];
  }

  // Deletes a row whose create was never sent.
  function withdraw({ collection, id }: Pending, { settle: answer }: Pending): void {
    for (const p of [...collectionState(collection).writes.get(id)!].reverse()) {
      settle(p, refusal("withdrawn", "deleted before sending"));
    }
    answer!({ ok: true, data: { id }, errors: {} });
  }

  function add(p: Pending): void {
    list.push(p);
    for (const id of dependencies(p)) referenced.add(id);
    store.add(p);
  }

  const creatorOf = (id: number) => list.find((p) => p.kind === "create" && p.id === id);

  // Temporary ids that a write names.
  function dependencies({ id, kind, collection, values }: Pending): number[] {
    const others = temporaryReferences(values, collectionState(collection).nests);
    return id < 0 && kind !== "create" ? [id, ...others] : others;
  }

  function rename(p: Pending, from: number, to: BaseRow): void {
    const { base, nests } = collectionState(p.collection);
    p.values = replaceId(p.values, nests, from, to.id);
    if (p.id !== from) return;
    p.base = base.get((p.id = to.id));
    // A placeholder has version 0; its real row has begun with this one.
    if (p.values.version === 0) p.values.version = to.version;
  }

  return {
    list,
    push,
    restore,
    flush,
    settle,
  };
}

const depends = () => refusal("depends", "depends on a refused write");
