// The parts of a client, and how they know of each other.

import { createConflicts } from "./conflicts.ts";
import { equal } from "./equal.ts";
import { createLink } from "./link.ts";
import { ANY } from "./listeners.ts";
import { refusal, temporaryId, uuid, type Pending, type Row, type WriteKind } from "./pending.ts";
import type { Keeper } from "./persistence.ts";
import { createPicture, type Difference } from "./picture.ts";
import { createQueue } from "./queue.ts";
import { createStore } from "./store.ts";
import { localTokens } from "./tokens.ts";
import { createTouches, type Authored } from "./touches.ts";
import type { Ack, Client, ClientOptions, CollectionSchema, Connection, Kinds, Schema, Write, WriteAck } from "./types.ts";

const offline = () => refusal("offline", "no connection");
const gone = () => refusal("closed", "closed");

interface Connected {
  user: Row | null;
  access?: Connection["access"];
  schema?: { collections: Record<string, string> };
  time?: number;
}

export function createClient<C extends Kinds<C>, E = Record<string, any>>(
  schema: Schema<C>,
  options: ClientOptions = {},
): Client<C, E> {
  const { persistence, tokens = localTokens(), authors = true, url = globalThis.location?.origin } = options;
  const collections: Record<string, CollectionSchema> = schema.collections;
  const sent = Object.keys(collections).filter((name) => collections[name]!.sent);
  const store = createStore(collections, belongs);
  const { listeners, part, changed } = store;
  const conflicts = createConflicts(store, (collection, changes) => client.update(collection, changes));
  const touches = createTouches(changed);
  let user: Row | null = null;
  let access: Connection["access"] = "open";
  // The number of the connection once it has told who we are, 0 without one.
  let heard = 0;
  let connections = 0;
  // What the server's clock is ahead of this page's own, as of this connection.
  let ahead = 0;
  let state: Connection["state"] = "connecting";
  // Why we are not let in, and why we are not who we were.
  let refused: string | undefined;
  let reason: string | undefined;
  let keeper: Keeper | undefined;
  let closed = false;
  let matching: Connection["schema"] = { matches: true, differs: [] };
  let shown: Connection | undefined;

  const queue = createQueue(store, {
    session: () => heard,
    time: () => ahead + performance.now(),
    belongs,
    emit({ kind, collection, values, requestId }, answer) {
      const event = (kind === "create" ? "new_" : kind + "_") + collections[collection]!.name;
      socket.emit(event, values, { request_id: requestId }, (ack: WriteAck<any>) => {
        // What was sent before the ack is shown before it counts.
        picture.settle();
        answer(ack);
      });
    },
    keep: (...writes) => keeper?.write(...writes),
    answered(p, ack) {
      if (ack.data && ack.errors.$conflict) ack.conflict = conflicts.add(p, ack.data);
      touches.acked(p.collection, ack, (id, created) => ours(p.collection, id, created));
      p.settle || options.answered?.(p, ack);
    },
  });

  const picture = createPicture(store, sent, {
    took(difference) {
      live();
      keep(difference);
    },
    news(name, row, before) {
      conflicts.moved(name, row);
      touches.seen(name, row.id, row.version, !before, ours(name, row.id, !before));
    },
  });

  const link = createLink({
    url,
    socket: options.socket,
    auth: () => ({ live: "changes", since: picture.cursor, token: tokens.get() ?? undefined, authors }),
    unauthorized: signedOut,
    down() {
      heard = 0;
      picture.settle();
    },
    to,
  });
  const { socket } = link;
  for (const name of sent) {
    socket.on(name, (rows: Row[], at?: { cursor: string }) => at && picture.snapshot(name, rows, at.cursor));
  }
  socket.on("changes", ({ cursor, ...difference }: { cursor: string }) => picture.changes(difference as Difference, cursor));
  socket.on("withheld", ({ collection }: { collection: string }) => picture.withhold(collection));
  socket.on("authored", (told: Authored) => {
    if (collections[told.collection]) touches.authored(told, part(told.collection).base.get(told.id)?.version);
  });
  socket.on("signed_out", ({ reason }: { reason: string }) => signedOut(reason));
  socket.on("connected", (connected: Connected) => {
    access = connected.access ?? "open";
    // A server from before that does not tell the time; then the device must do.
    ahead = (connected.time ?? Date.now()) - performance.now();
    if (connected.schema) compare(connected.schema.collections);
    // What was kept is another member's: it is gone, and we come back without it.
    const others = access === "members" && picture.cursor && connected.user?.id !== user?.id;
    if (others) wipe();
    be(connected.user);
    if (others && user) return link.again();
    heard = ++connections;
    if (signIn()) live();
    queue.wake();
  });

  // Whether a write may be shown and sent: it is ours, nobody's, or nobody need be signed in to send it.
  function belongs({ owner }: Pending): boolean {
    return owner === null || (user ? user.id === owner : connections > 0 && access === "open");
  }

  // Whether a write of ours that is under way may have changed a row, or made it.
  function ours(collection: string, id: number, created: boolean): boolean {
    const { creates, writes } = part(collection);
    return !!(created ? creates : writes.get(id))?.some((p) => p.sent);
  }

  function signIn(): boolean {
    return access === "members" && !user;
  }

  function to(next: Connection["state"], sentence?: string): void {
    state = next;
    refused = sentence;
    listeners.mark();
  }

  // What is shown is what the server has.
  function live(): void {
    if (heard) to("live");
  }

  function be(who: Row | null): void {
    user = who;
    store.changedAll();
    listeners.mark();
  }

  function signedOut(why?: string): void {
    tokens.set(null);
    reason = why;
    if (access === "members") wipe();
    be(null);
    keep({});
    live();
  }

  function wipe(): void {
    picture.wipe();
    touches.clear();
    conflicts.clear();
    keeper?.wipe();
  }

  function compare(theirs: Record<string, string>): void {
    const ours: Record<string, { hash?: string }> = { ...collections, events: { hash: schema.events! } };
    const differs = Object.keys({ ...ours, ...theirs }).filter((name) => ours[name]?.hash !== theirs[name]);
    picture.expected = sent.filter((name) => !differs.includes(name));
    if (equal(differs, matching.differs)) return;
    matching = { matches: !differs[0], differs };
    if (differs[0]) console.warn("rowcast: other types of " + differs);
  }

  function keep(rows: Difference): void {
    const { cursor, ready } = picture;
    if (!ready || !cursor) return;
    const all = (name: string) => [name, { upserted: [...part(name).base.values()], deleted: [] }];
    keeper?.change({ cursor, user, access, rows }, () => Object.fromEntries(sent.map(all)));
  }

  function write(kind: WriteKind, collection: string, id: number, values: object, optimistic = true): Write<any> {
    const requestId = uuid();
    const ack = new Promise<WriteAck<any>>((settle) => {
      if (closed) return settle(gone());
      const { base, top } = part(collection);
      queue.make({
        ...{ kind, collection, id, requestId, settle, after: top },
        // As it will be sent: what the caller does to it afterwards changes nothing.
        values: JSON.parse(JSON.stringify(values)),
        optimistic: optimistic && collections[collection]!.sent,
        owner: user && user.id,
        base: base.get(id),
      });
    });
    return Object.assign(ack, { requestId, id });
  }

  async function ask(event: string, ...payload: unknown[]): Promise<any> {
    return socket.connected ? socket.emitWithAck(event, ...payload).catch(offline) : offline();
  }

  async function open(): Promise<void> {
    try {
      const adopt = (writes: Pending[]) => closed || queue.restore(writes);
      const kept = await persistence?.open({ url, hash: schema.hash }, adopt);
      if (closed) kept?.close();
      else if (kept) {
        keeper = kept;
        if (kept.picture) {
          ({ access } = kept.picture);
          picture.changes(kept.picture.rows, kept.picture.cursor);
          picture.ready = true;
          be(kept.picture.user);
        }
        queue.restore(kept.writes);
      }
    } catch {
      // Nothing can be kept here; all else works.
    }
    if (!closed) socket.connect();
  }

  const held = () => queue.list.filter((p) => !belongs(p));

  const client: Client<any, any> = {
    rows: (collection) => part(collection).rows() as any,
    row: store.row,
    numbers: (collection) => collections[collection]!.numbers,
    pending: store.pending,
    touch: (collection, id) => touches.get(collection, store.row(collection, id)?.id ?? id),
    conflicts: conflicts.list,
    subscribe: (listener) => listeners.add(ANY, listener),
    // A row that is being created will have another id.
    subscribeTo: (collection, id, listener) => listeners.add(id! > 0 ? `${collection} ${id}` : collection, listener),
    create: (collection, values, options) => write("create", collection, temporaryId(), values, options?.optimistic),
    update: (collection, changes, options) => write("update", collection, +changes.id, changes, options?.optimistic),
    delete: (collection, id, options) => write("delete", collection, id, { id }, options?.optimistic),
    ask,
    reconnect: link.reconnect,
    logout: () => ask("logout").finally(() => signedOut()),

    connection() {
      const now: Connection = {
        state,
        ready: picture.ready,
        withheld: picture.withheld(),
        waiting: queue.list.length,
        held: held().length,
        user,
        access,
        signIn: signIn(),
        reason: refused ?? reason,
        schema: matching,
      };
      return equal(now, shown) ? shown! : (shown = now);
    },

    async login(who) {
      const ack: Ack<any> = await ask("login", who);
      if (!ack.ok) return ack;
      const { data } = ack;
      const other = access === "members" && user && user.id !== data.user.id;
      tokens.set(data.token);
      reason = undefined;
      if (other) wipe();
      be(data.user);
      if (other) link.again();
      keep({});
      queue.wake();
      return ack;
    },

    discard() {
      const given = held();
      for (const p of given) queue.settle(p, refusal("discarded", "discarded"));
      return given.length;
    },

    close() {
      if (closed) return;
      closed = true;
      picture.settle();
      link.close();
      queue.wake();
      for (const p of queue.list) p.settle?.(gone());
      listeners.clear();
      keeper?.close().catch(() => {});
    },
  };
  void open();
  return client;
}
