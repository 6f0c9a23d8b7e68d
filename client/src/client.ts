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
import type { Ack, Client, ClientOptions, CollectionSchema, Connection, Kinds, Schema, Write, WriteAck, WriteOptions } from "./types.ts";

const offline = () => refusal("offline", "no connection");
const gone = () => refusal("closed");

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
  const { persistence, tokens = localTokens(), url = globalThis.location?.origin } = options;
  const collections: Record<string, CollectionSchema> = schema.collections;
  const sent = Object.keys(collections).filter((name) => collections[name]!.sent);
  const store = createStore(collections, belongs);
  const { listeners, part } = store;
  const conflicts = createConflicts(store, (collection, changes) => client.update(collection, changes));
  const touches = options.touches?.(store);
  let user: Row | null = null;
  let access: Connection["access"] = "open";
  // The number of the connection once it has told who we are, 0 without one, and of the one that the picture is from.
  let heard = 0;
  let seen = 0;
  let connections = 0;
  // What the server's clock is ahead of this page's own, as of this connection.
  let ahead = 0;
  let state: Connection["state"] = "connecting";
  // Why we are not let in, and why we are not who we were.
  let refused: string | false | undefined;
  let reason: string | undefined;
  // The token that this connection, or a sign-in on it, has brought.
  let mine: string | null | undefined;
  let keeper: Keeper | undefined;
  // Why nothing is kept: empty if it is, undefined if it was not to be.
  let unkept: string | undefined;
  // Whether it is used, and no page that is rendered on a server.
  let used = false;
  const open = new AbortController();
  let matching: Connection["schema"] = { matches: true, differs: [] };
  let shown: Connection | undefined;

  const queue = createQueue(store, {
    session: () => heard,
    time: () => ahead + performance.now(),
    belongs,
    emit({ kind, collection, values, requestId }, answer) {
      const event = (kind === "create" ? "new_" : kind + "_") + collections[collection]!.name;
      // What was sent before the ack is shown before it counts.
      socket.emit(event, values, { request_id: requestId }, (ack: WriteAck<any>) => picture.whenShown(() => answer(ack)));
    },
    keep: (...writes) => keeper?.write(...writes),
    answered(p, ack) {
      if (ack.data && ack.errors.$conflict) ack.conflict = conflicts.add(p, ack.data);
      touches?.acked(p.collection, ack);
      p.settle || options.answered?.(p, ack);
    },
  });

  const picture = createPicture(store, sent, {
    took(difference) {
      seen = heard;
      live();
      keep(difference);
    },
    stale() {
      seen = 0;
      if (state === "live") to("reconnecting");
    },
    news(name, row, before) {
      conflicts.moved(name, row);
      touches?.seen(name, row, !before);
    },
  });

  const link = createLink({
    url,
    socket: options.socket,
    until: open,
    auth: () => ({ live: "changes", chunks: true, since: picture.cursor, token: (mine = tokens.get()) || undefined, authors: !!touches }),
    unauthorized: signedOut,
    down() {
      heard = 0;
      picture.drop();
    },
    to,
    alive: live,
  });
  const { socket } = link;
  for (const name of sent) {
    socket.on(name, (rows: Row[], at?: { cursor: string }) => at && picture.snapshot(name, rows, at.cursor));
  }
  socket.on("changes", (changes: Difference) => picture.changes(changes));
  socket.on("part", picture.part);
  socket.on("withheld", ({ collection }: { collection: string }) => picture.snapshot(collection));
  if (touches) socket.on("authored", touches.authored);
  socket.on("signed_out", ({ reason }: { reason: string }) => signedOut(reason));
  socket.on("connected", (connected: Connected) => {
    access = connected.access ?? "open";
    // A server from before that does not tell the time; then the device must do.
    ahead = (connected.time ?? Date.now()) - performance.now();
    if (connected.schema) compare(connected.schema.collections);
    if (become(connected.user)) return;
    heard = ++connections;
    // Then there is nothing to be shown.
    if (signIn()) seen = heard;
    live();
    queue.wake();
  });

  // Whether a write may be shown and sent: it is ours, nobody's, or nobody need be signed in to send it.
  function belongs({ owner }: Pending): boolean {
    return owner === null || (user ? user.id === owner : connections > 0 && access === "open");
  }

  function signIn(): boolean {
    return access === "members" && !user;
  }

  function to(next: Connection["state"], sentence?: string | false): void {
    state = next;
    refused = sentence;
    listeners.mark();
  }

  // What is shown is what the server has.
  function live(): void {
    if (heard && heard === seen && !link.asking()) to("live");
  }

  function be(who: Row | null): void {
    user = who;
    store.changedAll();
    listeners.mark();
  }

  // True if what is shown was another member's: it is gone, and we come back without it.
  function become(who: Row | null): unknown {
    const others = access === "members" && user && user.id !== who?.id;
    if (others) wipe();
    if (who) reason = undefined;
    be(who);
    if (others && who) link.again();
    return others && who;
  }

  function signedOut(why?: string): void {
    const ours = tokens.get() === mine;
    if (ours) tokens.set((mine = null));
    reason = why;
    if (access === "members") wipe();
    be(null);
    keep({});
    live();
    // Another page has signed in meanwhile, or out.
    if (!ours) link.again();
  }

  tokens.subscribe?.(() => tokens.get() === mine || (tokens.get() ? link.again() : signedOut()), open);

  function wipe(): void {
    picture.wipe();
    touches?.clear();
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
    const all = (name: string) => [name, { upserted: [...part(name).base.values()], deleted: [] }];
    if (ready && cursor) keeper?.change({ cursor, user, access, rows }, () => Object.fromEntries(sent.map(all)));
  }

  function write(kind: WriteKind, collection: string, id: number, values: object, { optimistic = true }: WriteOptions = {}): Write<any> {
    use();
    const requestId = uuid(options.random);
    const ack = new Promise<WriteAck<any>>((settle) => {
      if (open.signal.aborted) return settle(gone());
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
    use();
    return socket.connected ? socket.emitWithAck(event, ...payload).catch(offline) : offline();
  }

  // A page opens at once; anything else when it is first written to, asked or listened to, and not if it is only rendered.
  function use(): void {
    used ||= !!start();
  }

  function keeps(why = ""): void {
    unkept = why;
    listeners.mark();
  }

  async function start(): Promise<void> {
    try {
      const adopt = (writes: Pending[]) => open.signal.aborted || queue.restore(writes);
      const kept = await persistence?.open({ url, hash: schema.hash }, adopt, keeps);
      if (open.signal.aborted) kept?.close();
      else if (kept) {
        keeper = kept;
        keeps(unkept);
        if (kept.picture) {
          ({ access } = kept.picture);
          picture.changes(kept.picture.rows, kept.picture.cursor);
          picture.ready = true;
          be(kept.picture.user);
        }
        queue.restore(kept.writes);
      }
    } catch (error) {
      // Nothing can be kept here; all else works.
      keeps(`${error}`);
    }
    if (!open.signal.aborted) link.begin();
  }

  const held = () => queue.list.filter((p) => !belongs(p));

  function listen(key: string, listener: () => void): () => void {
    use();
    return listeners.add(key, listener);
  }

  function connection(): Connection {
    const now: Connection = {
      state,
      ready: picture.ready,
      withheld: picture.withheld(),
      waiting: queue.list.length,
      held: held().length,
      user,
      access,
      signIn: signIn(),
      reason: refused || reason,
      kept: unkept === "",
      keptReason: unkept || undefined,
      schema: matching,
    };
    return equal(now, shown) ? shown! : (shown = now);
  }

  const client: Client<any, any> = {
    rows: (collection) => part(collection).rows() as any,
    row: store.row,
    numbers: (collection) => collections[collection]!.numbers,
    pending: store.pending,
    touch: (collection, id) => touches?.get(collection, id),
    conflicts: conflicts.list,
    subscribe: (listener) => listen(ANY, listener),
    // A row that is being created will have another id.
    subscribeTo: (collection, id, listener) => listen(id! > 0 ? `${collection} ${id}` : collection, listener),
    create: (collection, values, options) => write("create", collection, temporaryId(), values, options),
    update: (collection, changes, options) => write("update", collection, +changes.id, changes, options),
    delete: (collection, id, options) => write("delete", collection, id, { id }, options),
    ask,
    initial: connection(),
    connection,
    logout: () => ask("logout").finally(() => signedOut()),

    reconnect() {
      use();
      link.reconnect();
    },

    async login(who) {
      const ack: Ack<any> = await ask("login", who);
      if (ack.ok) {
        tokens.set((mine = ack.data.token));
        become(ack.data.user);
        keep({});
        queue.wake();
      }
      return ack;
    },

    discard() {
      const given = held();
      for (const p of given) queue.settle(p, refusal("discarded"));
      return given.length;
    },

    close() {
      if (open.signal.aborted) return;
      open.abort();
      link.close();
      queue.wake();
      for (const p of queue.list) p.settle?.(gone());
      listeners.clear();
      keeper?.close().catch(() => {});
    },
  };
  if ("document" in globalThis) use();
  return client;
}
