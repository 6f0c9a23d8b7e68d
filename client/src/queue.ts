// Pending writes, until the server has acked them.
//
// They are sent in order, without waiting for each other's acks unless one depends on another. After a lost connection
// the unacked ones are sent again, unchanged and before newer ones.
//
// A write that the server cannot carry out at the moment is repeated. If the cause is the server's state, all newer
// writes wait. If the cause is a locked row or an unknown outcome, only the dependent writes wait.

import type { Fields, Pending, PersistedWrite, Row, WriteAck } from "./model.ts";
import { matches } from "./optimistic.ts";
import { backoff, refusal, reserveTemporaryId } from "./pending.ts";
import { address, inOrder, type Store } from "./store.ts";

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
  // Unacked creates, by the values that other writes name them by.
  const creates = new Map<string, Set<Pending>>();
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Id of the connection on which nothing is left to be sent.
  let done = 0;
  // When to try again, by the page's own clock, and the number of tries so far.
  let retryAt = 0;
  let tries = 0;

  function push(write: Omit<Pending, "seq">): void {
    const p: Pending = { ...write, seq: ++seq };
    rename(p);
    if (isOrphan(p)) return p.settle!(depends());
    const creator = collectionState(p.collection).writes.get(p.id)?.find(({ kind, sent }) => kind === "create" && !sent);
    if (creator && p.kind === "delete") return withdraw(creator, p);
    list.push(p);
    link(p);
    persist([p]);
    // Writes of one microtask are sent together.
    if (done !== SCHEDULED) queueMicrotask(flush);
    done = SCHEDULED;
  }

  /** Adds writes of an earlier page. Whether they were sent is not known, so they count as sent. */
  function restore(writes: PersistedWrite[]): void {
    let before = (list[0]?.seq ?? 1) - writes.length;
    for (const write of writes) {
      const state = collectionState(write.collection);
      // A later version of the page may know the collection again.
      if (!state) continue;
      for (const part of state.split(write.id)) reserveTemporaryId(part);
      const p = { ...write, seq: before++, sent: true, base: state.base.get(write.id) };
      if (isOrphan(p)) persist([], [p.requestId]);
      else {
        list.push(p);
        link(p);
      }
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
    // Rows with a write in flight, and writes that wait alone, with their rows.
    const inFlight = new Set<string>();
    const held = new Set<unknown>();
    let all = true;
    let due = Infinity;
    for (const p of list) {
      if (!isActive(p)) continue;
      const row = address(p.collection, p.id);
      const blocked = held.size > 0 && (held.has(row) || [...p.needs!].some((create) => held.has(create)));
      if (p.on !== on) {
        if (p.first && Math.abs(time() - p.first) > IDEMPOTENCY_WINDOW) {
          settle(p, refusal("expired", "too old to send"));
          return drain();
        }
        if (p.until! > now) due = Math.min(due, p.until!);
        else if (!blocked) {
          // While the oldest write is repeated for all, no other one overtakes it.
          all = retryAt <= now && !(inFlight.has(row) || p.needs!.size || (tries && inFlight.size));
          if (retryAt > now) due = Math.min(due, retryAt);
          if (!all) break;
          send(p, on);
        }
      }
      // Later writes may name a created row by its temporary key or by the matched one.
      if (blocked || p.tries) held.add(row).add(p).add(address(p.collection, p.match));
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
    const created = p.kind === "create";
    unlink(p, created ? (ack.ok ? ack.data : null) : undefined);
    const dependents = created ? list.filter((other) => other.needs!.delete(p)) : [];
    persist(ack.ok ? rebase(p, ack.data, dependents) : [], [p.requestId]);
    onSettled(p, ack);
    p.settle?.(ack);
    if (ack.ok) return;
    // A reference to a key that the client gave may be right nevertheless; the server knows.
    const sameRow = (other: Pending) => other.kind !== "create" && other.collection === p.collection && other.id === p.id;
    for (const other of dependents) if (isOrphan(other) || sameRow(other)) settle(other, depends());
  }

  // Rewrites the writes that depend on a successful one, before their first send.
  function rebase({ kind, collection, values }: Pending, row: Row, dependents: Pending[]): Pending[] {
    for (const other of dependents) {
      unlink(other);
      rename(other);
      link(other);
    }
    if (kind !== "update") return dependents;
    const state = collectionState(collection);
    const { base, writes, token, version: column } = state;
    const seen = values[column];
    const now = base.get(token(row))?.[column];
    // A write gets the new version if nothing else has changed the row since. That is so if both writes were made on
    // the same version; or, if this one was made on any, if the row is what this write makes of the version that the
    // other was made on.
    const next = (writes.get(token(row)) ?? []).filter((other) => {
      const version = other.values[column];
      if (other.first || version == null) return false;
      if (seen != null) return version === seen;
      return other.base?.[column] === version && version !== now && matches(row, { ...other.base, ...values }, state);
    });
    for (const other of next) {
      other.values = { ...other.values, [column]: row[column] };
      other.base = row;
    }
    return [...dependents, ...next];
  }

  // Deletes a row whose create was never sent.
  function withdraw({ collection, id, seq }: Pending, { values, settle: answer }: Pending): void {
    for (const p of collectionState(collection).writes.get(id)!.filter((other) => other.seq >= seq).reverse()) {
      settle(p, refusal("withdrawn", "deleted before sending"));
    }
    answer!({ ok: true, data: values, errors: {} });
  }

  function link(p: Pending): void {
    const values = new Set(scalars(p.values).map(String));
    const creators = [...values].flatMap((value) => [...(creates.get(value) ?? [])]);
    p.needs = new Set(creators.filter(({ seq, names }) => seq < p.seq && names!.every((name) => values.has(name))));
    if (p.kind === "create") {
      const { madeUp, split } = collectionState(p.collection);
      const parts = madeUp(p.id, p.values).map(([part]) => part);
      p.names = (parts[0] ? parts : split(p.id)).map(String);
      for (const name of p.names) creates.set(name, (creates.get(name) ?? new Set()).add(p));
    }
    store.add(p);
  }

  function unlink(p: Pending, row?: Row | null): void {
    for (const name of p.names ?? []) {
      // Two columns may have the same value.
      const others = creates.get(name);
      others?.delete(p);
      if (!others?.size) creates.delete(name);
    }
    store.remove(p, row);
  }

  // What a write may name rows by, in its columns and in nested objects.
  function scalars(values: Fields): unknown[] {
    const all: unknown[] = [];
    JSON.stringify(values, (_, value) => (Object(value) === value || all.push(value), value));
    return all;
  }

  // Whether a write names a row that was not created.
  const isOrphan = ({ values }: Pending) => scalars(values).some(store.isGone);

  // Puts the database's values in the place of temporary ones, in a copy of the payload: later changes by the caller have
  // no effect.
  function rename(p: Pending): void {
    const state = collectionState(p.collection);
    const { version } = state;
    p.values = JSON.parse(JSON.stringify(p.values), (_, value) => (Object(value) === value ? value : store.replace(value)));
    const id = store.current(state, p.id);
    if (id !== p.id) p.base = state.base.get((p.id = id));
    if (p.kind !== "create") p.values = { ...p.values, ...state.fields(id) };
    // A placeholder has version 0; its real row has begun with this one.
    if (p.values[version] === 0) p.values[version] = state.created.get(id)?.[version] ?? 0;
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
