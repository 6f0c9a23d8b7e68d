// The parts of a client, and how they know of each other.

import { Conflicts } from "./conflicts.ts";
import { equal } from "./equal.ts";
import { Link } from "./link.ts";
import { refusal, temporaryId, type Pending, type Row, type WriteKind } from "./pending.ts";
import type { Keeper } from "./persistence.ts";
import { Picture, type Changes } from "./picture.ts";
import { Queue } from "./queue.ts";
import { Session, type Connected } from "./session.ts";
import { Store } from "./store.ts";
import { localTokens } from "./tokens.ts";
import { Touches, type Authored } from "./touches.ts";
import type { Ack, Client, ClientOptions, CollectionSchema, Connection, Kinds, Schema, Write, WriteAck } from "./types.ts";

const OFFLINE = refusal("$offline", "there is no connection to the server");
const CLOSED = refusal("$closed", "this client has been closed");
const WORDS = { create: "new", update: "update", delete: "delete" };

export function createClient<C extends Kinds<C>, E = Record<string, any>>(
  schema: Schema<C>,
  options: ClientOptions = {},
): Client<C, E> {
  const collections: Record<string, CollectionSchema> = schema.collections;
  const sent = Object.keys(collections).filter((name) => collections[name]!.sent);
  const session = new Session(options.tokens ?? localTokens());
  const store = new Store(collections, session.belongs);
  const changed = () => store.listeners.mark();
  const conflicts = new Conflicts(changed);
  const touches = new Touches((collection, id) => store.listeners.mark(collection, id));
  let keeper: Keeper | undefined;
  let closed = false;
  let matching: Connection["schema"] = { matches: true, differs: [] };
  let shown: Connection | undefined;

  const queue = new Queue(store, {
    session: () => (session.known && heard ? link.session : 0),
    emit: (kind, p, id, ack) => void link.socket.emit(`${WORDS[kind]}_${collections[p.collection]!.name}`, p.values, id, ack),
    keep: (writes, gone = []) => keeper?.write(writes, gone),
    answered,
  });
  const picture = new Picture(
    store,
    sent,
    (difference) => {
      for (const [collection, { deleted }] of Object.entries(difference)) {
        for (const id of deleted) touches.forget(collection, id);
      }
      if (heard) link.live(reason);
      keep(difference);
    },
    (collection, row, before) => {
      conflicts.moved(collection, row);
      const ours = before ? queue.flying(collection, row.id) : store.ours(collection, row.id);
      if (!ours) touches.seen(collection, row.id, row.version);
    },
  );
  // Whether this connection has told who we are, and why we are not who we were.
  let heard = false;
  let reason: string | undefined;

  const link = new Link({
    url: options.url,
    socket: options.socket,
    auth: () => ({
      live: "changes",
      since: picture.cursor,
      token: session.token,
      authors: options.authors ?? true,
    }),
    unauthorized(sentence) {
      signedOut(sentence);
    },
    up: () => {},
    down() {
      heard = false;
      picture.settle();
      queue.stop();
    },
    changed,
  });

  for (const name of sent) {
    link.socket.on(name, (rows: Row[], at?: { cursor: string }) => at && picture.snapshot(name, rows, at.cursor));
  }
  link.socket.on("changes", (changes: Changes) => picture.changes(changes));
  link.socket.on("authored", (authored: Authored) => authored.collection in collections && touches.authored(authored));
  link.socket.on("signed_out", ({ reason: why }: { reason: string }) => {
    signedOut(why);
    if (heard) link.live(why);
  });
  link.socket.on("connected", (connected: Connected) => {
    const before = session.user?.id;
    session.access = connected.access ?? "open";
    compare(connected.schema?.collections);
    // What was kept is another member's: it is gone, and we come back without it.
    if (session.access === "members" && picture.cursor && connected.user?.id !== before) {
      be(connected.user);
      wipe();
      if (connected.user) return link.again();
    }
    be(connected.user);
    heard = true;
    if (session.signIn) link.live(reason);
    queue.drain();
  });

  function be(user: Row | null) {
    const first = !session.known;
    const same = session.user?.id === user?.id;
    session.user = user;
    session.known = true;
    if (user) reason = undefined;
    if (first) queue.own(session.owner);
    if (!same || first) store.changedAll();
    changed();
  }

  function signedOut(why: string) {
    reason = why;
    session.forget();
    if (session.access === "members") wipe();
    store.changedAll();
    changed();
  }

  function wipe() {
    picture.wipe();
    touches.clear();
    conflicts.clear();
    keeper?.wipe();
  }

  function compare(theirs: Record<string, string> | undefined) {
    if (!theirs) return;
    const differs = Object.keys(theirs).filter((name) => theirs[name] !== (collections[name]?.hash ?? hashOf(schema, name)));
    if (equal(differs, matching.differs)) return;
    matching = { matches: !differs.length, differs };
    if (differs.length) console.warn(`rowcast: the server was built for other types of ${differs.join(", ")}`);
  }

  function whole() {
    const rows = Object.fromEntries(sent.map((name) => [name, [...store.table(name).base.values()]]));
    return { cursor: picture.cursor!, rows, user: session.user, access: session.access };
  }

  function keep(rows: Record<string, { upserted: Row[]; deleted: number[] }>) {
    if (!picture.ready || !picture.cursor) return;
    keeper?.change({ cursor: picture.cursor, user: session.user, access: session.access, rows }, whole);
  }

  // What the server says of a write says what of a row's changes was somebody else's.
  function answered(p: Pending, ack: WriteAck<any>) {
    if (p.kind !== "update") return;
    const now = store.table(p.collection).base.get(p.id)?.version ?? 0;
    const [from, own] = [p.from ?? now, ack.ok ? ack.data.version : 0];
    if (now > from && now !== own) touches.seen(p.collection, p.id, now);
    else if (own - from > 1) touches.seen(p.collection, p.id, own - 1);
    if (ack.ok || !ack.errors.$conflict || !ack.data) return;
    const again = (changes: any) => client.update(p.collection as any, changes);
    ack.conflict = conflicts.add(p, ack.data, collections[p.collection]!.nests, store.row, again);
  }

  function write(kind: WriteKind, collection: string, id: number, values: object, optimistic = true): Write<any> {
    const requestId = crypto.randomUUID();
    const at = store.known(id);
    const ack = new Promise<WriteAck<any>>((settle) => {
      if (closed) return settle(CLOSED);
      // As it will be sent: what the caller does to it afterwards changes nothing.
      const copy = JSON.parse(JSON.stringify(values));
      const table = store.table(collection);
      optimistic &&= collections[collection]!.sent;
      const made = { kind, collection, id: at, requestId, values: copy, optimistic, owner: session.owner, after: table.top };
      queue.make(made, table.base.get(at), settle);
    });
    changed();
    return Object.assign(ack, { requestId, id: at });
  }

  async function ask(event: string, payload?: unknown): Promise<any> {
    if (closed) return CLOSED;
    return (await link.ask(event, ...(payload === undefined ? [] : [payload]))) ?? OFFLINE;
  }

  async function open() {
    const url = options.url ?? globalThis.location?.origin ?? "";
    try {
      const kept = await options.persistence?.open({ url, hash: schema.hash }, (writes) => !closed && queue.restore(writes));
      if (closed) return void (await kept?.close());
      keeper = kept;
      if (kept?.picture) {
        const { rows, cursor, user, access } = kept.picture;
        Object.assign(session, { user, access, known: true });
        queue.own(session.owner);
        picture.restore(rows, cursor);
      }
      if (kept) queue.restore(kept.writes);
    } catch {
      // Nothing can be kept here; all else works.
    }
    if (!closed) link.socket.connect();
  }

  const client: Client<any, any> = {
    schema,
    rows: (collection) => store.table(collection).rows() as readonly any[],
    row: (collection, id) => store.row(collection, id),
    pending: (collection, id) => store.pending(collection, id),
    touch: (collection, id) => touches.get(collection, store.resolve(id)),
    connection() {
      const held = queue.list.filter((p) => !session.belongs(p)).length;
      const now: Connection = {
        state: link.state,
        ready: picture.ready,
        waiting: queue.list.length,
        held,
        user: session.user,
        access: session.access,
        signIn: session.signIn,
        schema: matching,
        ...(link.reason ?? reason ? { reason: link.reason ?? reason } : {}),
      };
      const keys = Object.keys(now) as (keyof Connection)[];
      const same = shown && Object.keys(shown).length === keys.length && keys.every((key) => shown![key] === now[key]);
      return same ? shown! : (shown = now);
    },
    conflicts: () => conflicts.list,
    subscribe: (listener) => store.listeners.add(listener),
    subscribeTo: (collection, id, listener) => store.listeners.addTo(collection, id, listener),
    create: (collection, values, { optimistic } = {}) => write("create", collection, temporaryId(), values, optimistic),
    update: (collection, changes, { optimistic } = {}) => write("update", collection, changes.id, changes, optimistic),
    delete: (collection, id, { optimistic } = {}) => write("delete", collection, id, { id: store.known(id) }, optimistic),
    ask,
    async login(who) {
      const ack: Ack<any> = await ask("login", who);
      if (!ack.ok) return ack;
      const other = session.user && session.user.id !== ack.data.user.id;
      session.signed(ack.data);
      be(ack.data.user);
      if (other && session.access === "members") {
        wipe();
        link.again();
      } else {
        keep({});
        queue.drain();
      }
      if (heard && !other) link.live();
      return ack;
    },
    async logout() {
      const ack = await ask("logout");
      reason = undefined;
      session.forget();
      if (session.access === "members") wipe();
      else keep({});
      store.changedAll();
      if (heard) link.live();
      return ack;
    },
    reconnect: () => link.reconnect(),
    discard() {
      const held = queue.list.filter((p) => !session.belongs(p));
      for (const p of held) queue.settle(p, refusal("$discarded", "this was given up before it was sent"));
      return held.length;
    },
    close() {
      if (closed) return;
      closed = true;
      picture.settle();
      link.close();
      queue.stop();
      for (const p of queue.list) p.settle(CLOSED);
      store.listeners.clear();
      keeper?.close().catch(() => {});
    },
  };
  void open();
  return client as Client<C, E>;
}

// `events` is the name of the part for what is in no collection.
const hashOf = (schema: Schema<any>, name: string) => (schema as Record<string, any>)[name]?.hash ?? (schema as any)[name];
