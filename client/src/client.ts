// The parts of a client, and how they know of each other.

import { createConflicts } from "./conflicts.ts";
import { equal } from "./equal.ts";
import { createLink } from "./link.ts";
import { ANY } from "./listeners.ts";
import { refusal, temporaryId, type Pending, type Row, type WriteKind } from "./pending.ts";
import type { Keeper } from "./persistence.ts";
import { createPicture, type Difference } from "./picture.ts";
import { createQueue } from "./queue.ts";
import { createSession } from "./session.ts";
import { createStore } from "./store.ts";
import { localTokens } from "./tokens.ts";
import { createTouches, type Authored } from "./touches.ts";
import type { Ack, Client, ClientOptions, CollectionSchema, Connection, Kinds, Schema, Write, WriteAck } from "./types.ts";

const offline = () => refusal("offline", "there is no connection to the server");
const gone = () => refusal("closed", "this client has been closed");
const WORDS = { create: "new", update: "update", delete: "delete" };

interface Connected {
  user: Row | null;
  access?: Connection["access"];
  schema?: { collections: Record<string, string> };
}

export function createClient<C extends Kinds<C>, E = Record<string, any>>(
  schema: Schema<C>,
  options: ClientOptions = {},
): Client<C, E> {
  const collections: Record<string, CollectionSchema> = schema.collections;
  const sent = Object.keys(collections).filter((name) => collections[name]!.sent);
  const url = options.url ?? globalThis.location?.origin;
  const session = createSession(options.tokens ?? localTokens());
  const store = createStore(collections, session.belongs);
  const changed = () => store.listeners.mark();
  const conflicts = createConflicts(changed);
  const touches = createTouches(store.changed);
  let keeper: Keeper | undefined;
  let closed = false;
  // Whether this connection has told who we are.
  let heard = false;
  let matching: Connection["schema"] = { matches: true, differs: [] };
  let shown: Connection | undefined;

  const queue = createQueue(store, {
    session: () => (heard && link.socket.connected ? link.number : 0),
    belongs: session.belongs,
    emit({ kind, collection, values, requestId }, answer) {
      const event = `${WORDS[kind]}_${collections[collection]!.name}`;
      link.socket.emit(event, values, { request_id: requestId }, (ack: WriteAck<any>) => {
        // What was sent before the ack is shown before it counts.
        picture.settle();
        answer(ack);
      });
    },
    keep: (writes, gone = []) => keeper?.write(writes, gone),
    answered,
  });

  const picture = createPicture(store, sent, {
    took(difference) {
      for (const [name, { deleted }] of Object.entries(difference)) for (const id of deleted) touches.forget(name, id);
      live();
      keep(difference);
    },
    news(name, row, before) {
      conflicts.moved(name, row);
      const flying = () => store.writes(name, row.id).some((p) => p.kept.kind === "update" && p.sent);
      if (!(before ? flying() : store.ours(name, row.id))) touches.seen(name, row.id, row.version);
    },
  });

  const link = createLink({
    url,
    socket: options.socket,
    auth: () => ({ live: "changes", since: picture.cursor, token: session.token(), authors: options.authors ?? true }),
    unauthorized: signedOut,
    down() {
      heard = false;
      picture.settle();
      queue.stop();
    },
    changed,
  });
  const { socket } = link;
  for (const name of sent) {
    socket.on(name, (rows: Row[], at?: { cursor: string }) => at && picture.snapshot(name, rows, at.cursor));
  }
  socket.on("changes", ({ cursor, ...difference }: { cursor: string }) => picture.changes(difference as Difference, cursor));
  socket.on("authored", ({ collection, id, version, by }: Authored) => {
    if (version) touches.seen(collection, id, version, by);
  });
  socket.on("signed_out", ({ reason }: { reason: string }) => {
    signedOut(reason);
    live();
  });
  socket.on("connected", ({ user, access = "open", schema }: Connected) => {
    const before = session.user?.id;
    session.access = access;
    if (schema) compare(schema.collections);
    const others = session.members() && picture.cursor && user?.id !== before;
    be(user);
    // What was kept is another member's: it is gone, and we come back without it.
    if (others) wipe();
    if (others && user) return link.again();
    heard = true;
    if (session.signIn()) live();
    queue.wake();
  });

  // What is shown is what the server has.
  function live(): void {
    if (heard) link.to("live");
  }

  function be(user: Row | null, known = true): void {
    session.user = user;
    session.known ||= known;
    queue.own(user?.id ?? null);
    store.changedAll();
    changed();
  }

  function signedOut(reason?: string): void {
    session.forget(reason);
    if (session.members()) wipe();
    else keep({});
    be(null, false);
  }

  function wipe(): void {
    picture.wipe();
    touches.clear();
    conflicts.clear();
    keeper?.wipe();
  }

  function compare(theirs: Record<string, string>): void {
    const ours = (name: string) => (name === "events" ? schema.events : collections[name]?.hash);
    const differs = Object.keys({ ...collections, ...theirs }).filter((name) => ours(name) !== theirs[name]);
    picture.expected = sent.filter((name) => !differs.includes(name));
    if (equal(differs, matching.differs)) return;
    matching = { matches: !differs.length, differs };
    if (differs.length) console.warn(`rowcast: the server was built for other types of ${differs.join(", ")}`);
  }

  function keep(rows: Difference): void {
    const { cursor, ready } = picture;
    if (!ready || !cursor) return;
    const { user, access } = session;
    const all = (name: string) => [name, [...store.table(name).base.values()]];
    keeper?.change({ cursor, user, access, rows }, () => ({ cursor, user, access, rows: Object.fromEntries(sent.map(all)) }));
  }

  // What the server says of a write says what of a row's changes was somebody else's.
  function answered({ kept, base, ...p }: Pending, ack: WriteAck<any>): void {
    const { kind, collection, id, from } = kept;
    if (ack.ok && kind === "create") touches.forget(collection, ack.data.id);
    if (kind !== "update") return;
    const now = store.table(collection).base.get(id)?.version ?? 0;
    const own = ack.ok ? ack.data.version : 0;
    if (now > from && now !== own) touches.seen(collection, id, now);
    else if (own > from + 1) touches.seen(collection, id, own - 1);
    if (ack.ok || !ack.errors.$conflict || !ack.data) return;
    const again = (changes: any) => client.update(collection, changes);
    ack.conflict = conflicts.add({ ...p, kept, base }, ack.data, store.nests(collection), store.row, again);
  }

  function write(kind: WriteKind, collection: string, named: number, values: object, optimistic = true): Write<any> {
    const requestId = crypto.randomUUID();
    const id = store.known(named);
    const ack = new Promise<WriteAck<any>>((settle) => {
      if (closed) return settle(gone());
      const { base, top: after } = store.table(collection);
      const made = { kind, collection, id, requestId, owner: session.owner(), first: 0, after, from: 0 };
      // As it will be sent: what the caller does to it afterwards changes nothing.
      const copy = JSON.parse(JSON.stringify(values));
      queue.make({ ...made, values: copy, optimistic: optimistic && collections[collection]!.sent }, base.get(id), settle);
    });
    return Object.assign(ack, { requestId, id });
  }

  async function ask(event: string, ...payload: unknown[]): Promise<any> {
    if (closed) return gone();
    return socket.connected ? socket.emitWithAck(event, ...payload).catch(offline) : offline();
  }

  async function open(): Promise<void> {
    try {
      const adopt = (writes: Pending["kept"][]) => closed || queue.restore(writes);
      const kept = await options.persistence?.open({ url: url ?? "", hash: schema.hash }, adopt);
      if (closed) return void kept?.close();
      keeper = kept;
      if (kept?.picture) {
        const { rows, cursor, user, access } = kept.picture;
        session.access = access;
        const all = Object.entries(rows).map(([name, upserted]) => [name, { upserted, deleted: [] }]);
        picture.changes(Object.fromEntries(all), cursor);
        picture.ready = true;
        be(user);
      }
      if (kept) queue.restore(kept.writes);
    } catch {
      // Nothing can be kept here; all else works.
    }
    if (!closed) socket.connect();
  }

  const held = () => queue.list.filter((p) => !session.belongs(p));

  const client: Client<any, any> = {
    schema,
    rows: (collection) => store.table(collection).rows() as any,
    row: store.row,
    pending: store.pending,
    touch: (collection, id) => touches.get(collection, store.resolve(id)),
    conflicts: conflicts.list,
    subscribe: (listener) => store.listeners.add(ANY, listener),
    subscribeTo: (collection, id, listener) =>
      store.listeners.add(id === undefined ? collection : `${collection} ${id}`, listener),
    create: (collection, values, { optimistic } = {}) => write("create", collection, temporaryId(), values, optimistic),
    update: (collection, changes, { optimistic } = {}) => write("update", collection, +changes.id, changes, optimistic),
    delete: (collection, id, { optimistic } = {}) => write("delete", collection, id, { id }, optimistic),
    ask,
    reconnect: link.reconnect,

    connection() {
      const now: Connection = {
        state: link.state,
        ready: picture.ready,
        waiting: queue.list.length,
        held: held().length,
        user: session.user,
        access: session.access,
        signIn: session.signIn(),
        reason: link.reason ?? session.reason,
        schema: matching,
      };
      return equal(now, shown) ? shown! : (shown = now);
    },

    async login(who) {
      const ack: Ack<any> = await ask("login", who);
      if (!ack.ok || closed) return ack;
      const other = session.members() && session.user && session.user.id !== ack.data.user.id;
      session.signed(ack.data);
      if (other) wipe();
      be(ack.data.user);
      if (other) link.again();
      keep({});
      queue.wake();
      return ack;
    },

    async logout() {
      const ack = await ask("logout");
      signedOut();
      return ack;
    },

    discard() {
      const given = held();
      for (const p of given) queue.settle(p, refusal("discarded", "this was given up before it was sent"));
      changed();
      return given.length;
    },

    close() {
      if (closed) return;
      closed = true;
      picture.settle();
      link.close();
      queue.stop();
      for (const p of queue.list) p.settle(gone());
      store.listeners.clear();
      keeper?.close().catch(() => {});
    },
  };
  void open();
  return client;
}
