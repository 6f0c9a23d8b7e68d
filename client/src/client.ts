// The parts of a client, and how they are connected.

import { createConflicts } from "./conflicts.ts";
import { createConnection } from "./connection.ts";
import { equal } from "./equal.ts";
import { ANY } from "./listeners.ts";
import type { Ack, CollectionSchema, CollectionTypeMap, Connection, Difference, Pending, Row, Schema, Write, WriteAck, WriteKind } from "./model.ts";
import { isTemporary, refusal, uuid } from "./pending.ts";
import type { PersistenceHandle } from "./persistence.ts";
import { createQueue } from "./queue.ts";
import { createReplica } from "./replica.ts";
import { address, createStore } from "./store.ts";
import { localTokens } from "./tokens.ts";
import type { Client, ClientOptions, WriteOptions } from "./types.ts";

const offline = () => refusal("offline", "no connection");
const closed = () => refusal("closed");
// Users without an `id` are told apart by everything else.
const userId = (user: Row | null | undefined) => user && (user.id ?? JSON.stringify(user));

interface Hashes {
  collections: Record<string, string>;
}
interface Connected {
  user: Row | null;
  access?: Connection["access"];
  schema?: Hashes;
  time?: number;
}

export function createClient<C extends CollectionTypeMap<C>, E = Record<string, any>>(
  schema: Schema<C>,
  options: ClientOptions = {},
): Client<C, E> {
  const { persistence, tokens = localTokens(), url = globalThis.location?.origin } = options;
  const collections: Record<string, CollectionSchema> = schema.collections;
  const live = Object.keys(collections).filter((name) => collections[name]!.sent);
  const store = createStore(collections, isActive);
  const { listeners, collectionState } = store;
  const conflicts = createConflicts(store, (collection, changes) => client.update(collection, changes));
  const edits = options.remoteEdits?.(store);
  let user: Row | null = null;
  let access: Connection["access"] = "open";
  // Connections are numbered. The id is set by the event `connected`, and 0 without a connection; `appliedId` is the
  // one that the replica is from.
  let connectionId = 0;
  let appliedId = 0;
  let connections = 0;
  // The server's clock minus the page's own.
  let clockOffset = 0;
  let state: Connection["state"] = "connecting";
  // Why the connection is refused, and why the user is signed out.
  let refusalReason: string | false | undefined;
  let signOutReason: string | undefined;
  // The token that this connection, or a login on it, has used.
  let usedToken: string | null | undefined;
  let storage: PersistenceHandle | undefined;
  // Empty if everything is persisted, undefined without persistence.
  let persistenceError: string | undefined;
  let started = false;
  const lifetime = new AbortController();
  let schemaState: Connection["schema"] = { matches: true, differs: [] };
  let latest: Connection | undefined;

  const queue = createQueue(store, {
    connection: () => connectionId,
    time: () => clockOffset + performance.now(),
    isActive,
    emit({ kind, collection, values, requestId }, answer) {
      const event = (kind === "create" ? "new_" : kind + "_") + collections[collection]!.name;
      // A snapshot that was sent before the ack is applied before it.
      socket.emit(event, values, { request_id: requestId }, (ack: WriteAck<any>) => replica.defer(() => answer(ack)));
    },
    persist: (...writes) => storage?.saveWrites(...writes),
    onSettled(p, ack) {
      if (ack.data && ack.errors.$conflict) ack.conflict = conflicts.add(p, ack.data);
      edits?.onAck(p.collection, ack);
      p.settle || options.onRestoredWriteSettled?.({ ...p, id: collectionState(p.collection).key(p.id) }, ack);
    },
  });

  const replica = createReplica(store, live, {
    onApplied(difference) {
      appliedId = connectionId;
      onAlive();
      persist(difference);
    },
    onStale() {
      appliedId = 0;
      if (state === "live") setState("reconnecting");
    },
    onRowChanged(name, row, before) {
      conflicts.onRowChanged(name, row);
      edits?.onRowChanged(name, row, !before);
    },
  });

  const connection = createConnection({
    url,
    socket: options.socket,
    until: lifetime,
    auth: () => ({ live: "changes", chunks: true, since: replica.cursor, token: (usedToken = tokens.get()) || undefined, authors: !!edits }),
    onUnauthorized: onSignedOut,
    onDisconnect() {
      connectionId = 0;
      replica.drop();
    },
    setState,
    onAlive,
  });
  const { socket } = connection;
  for (const name of live) {
    socket.on(name, (rows: Row[], at?: { cursor: string }) => at && replica.snapshot(name, rows, at.cursor));
  }
  socket.on("changes", (changes: Difference) => replica.changes(changes));
  socket.on("part", replica.part);
  socket.on("withheld", ({ collection }: { collection: string }) => replica.snapshot(collection));
  if (edits) socket.on("authored", edits.onAuthored);
  socket.on("signed_out", ({ reason }: { reason: string }) => onSignedOut(reason));
  // The server's schema has changed.
  socket.on("schema", checkSchema);
  socket.on("connected", (connected: Connected) => {
    access = connected.access ?? "open";
    // An older server sends no time; then the device's clock is used.
    clockOffset = (connected.time ?? Date.now()) - performance.now();
    if (connected.schema) checkSchema(connected.schema);
    if (switchUser(connected.user)) return;
    connectionId = ++connections;
    // The server sends no rows then.
    if (needsSignIn()) appliedId = connectionId;
    onAlive();
    queue.flush();
  });

  // Whether a write may be displayed and sent: it is the current user's, or has no owner, or needs no sign-in.
  function isActive({ owner }: Pending): boolean {
    return owner === null || (user ? userId(user) === owner : connections > 0 && access === "open");
  }

  function needsSignIn(): boolean {
    return access === "members" && !user;
  }

  function setState(next: Connection["state"], sentence?: string | false): void {
    state = next;
    refusalReason = sentence;
    listeners.mark();
  }

  function onAlive(): void {
    if (connectionId && connectionId === appliedId && !connection.probing()) setState("live");
  }

  function setUser(next: Row | null): void {
    user = next;
    store.changedAll();
    listeners.mark();
  }

  // Drops the rows of another member. True if the client therefore reconnects without a cursor.
  function switchUser(next: Row | null): unknown {
    const others = access === "members" && user && userId(user) !== userId(next);
    if (others) clear();
    if (next) signOutReason = undefined;
    setUser(next);
    if (others && next) connection.reconnectNow();
    return others && next;
  }

  function onSignedOut(reason?: string): void {
    const own = tokens.get() === usedToken;
    if (own) tokens.set((usedToken = null));
    signOutReason = reason;
    if (access === "members") clear();
    setUser(null);
    persist({});
    onAlive();
    // Another page has signed in or out meanwhile.
    if (!own) connection.reconnectNow();
  }

  tokens.subscribe?.(() => tokens.get() === usedToken || (tokens.get() ? connection.reconnectNow() : onSignedOut()), lifetime);

  function clear(): void {
    replica.clear();
    edits?.clear();
    conflicts.clear();
    storage?.clear();
  }

  function checkSchema({ collections: theirs }: Hashes): void {
    const ours: Record<string, { hash?: string }> = { ...collections, events: { hash: schema.events! } };
    const differs = Object.keys({ ...ours, ...theirs }).filter((name) => ours[name]?.hash !== theirs[name]);
    replica.expected = live.filter((name) => !differs.includes(name));
    if (equal(differs, schemaState.differs)) return;
    schemaState = { matches: !differs[0], differs };
    listeners.mark();
    if (differs[0]) console.warn("rowcast: other types of " + differs);
  }

  function persist(rows: Difference): void {
    const { cursor, ready } = replica;
    const all = (name: string) => [name, { upserted: [...collectionState(name).base.values()], deleted: [] }];
    if (ready && cursor) storage?.save({ cursor, user, access, rows }, () => Object.fromEntries(live.map(all)));
  }

  // `values` is the key of a row to delete.
  function write(kind: WriteKind, collection: string, values: any, { optimistic = true }: WriteOptions = {}): Write<any, any> {
    ensureStarted();
    const { base, top, create, token, key } = collectionState(collection);
    const id = kind === "create" ? create(values, base.values().next().value) : token(values);
    const requestId = uuid(options.random);
    const ack = new Promise<WriteAck<any>>((settle) => {
      if (lifetime.signal.aborted) return settle(closed());
      queue.push({
        ...{ kind, collection, id, requestId, settle, after: top },
        values: kind === "delete" ? {} : values,
        optimistic: optimistic && collections[collection]!.sent,
        owner: userId(user),
        base: base.get(id),
      });
    });
    return Object.assign(ack, { requestId, id: key(id) });
  }

  async function request(event: string, ...payload: unknown[]): Promise<any> {
    ensureStarted();
    return socket.connected ? socket.emitWithAck(event, ...payload).catch(offline) : offline();
  }

  // A page starts at once; any other program on the first write, request or subscription, so that rendering alone opens
  // no connection.
  function ensureStarted(): void {
    started ||= !!start();
  }

  function setPersistenceError(error = ""): void {
    persistenceError = error;
    listeners.mark();
  }

  async function start(): Promise<void> {
    try {
      const adopt = (writes: Pending[]) => lifetime.signal.aborted || queue.restore(writes);
      storage = await persistence?.open({ url, hash: schema.hash, token: store.token }, adopt, setPersistenceError);
      if (lifetime.signal.aborted) storage?.close();
      else if (storage) {
        const { snapshot, writes } = storage;
        setPersistenceError(persistenceError);
        if (snapshot) {
          ({ access } = snapshot);
          replica.changes(snapshot.rows, snapshot.cursor);
          replica.ready = true;
          setUser(snapshot.user);
        }
        queue.restore(writes);
      }
    } catch (error) {
      // The client works without persistence.
      setPersistenceError(`${error}`);
    }
    if (!lifetime.signal.aborted) connection.open();
  }

  const heldWrites = () => queue.list.filter((p) => !isActive(p));

  function listen(key: string, listener: () => void): () => void {
    ensureStarted();
    return listeners.add(key, listener);
  }

  function connectionState(): Connection {
    const now: Connection = {
      state,
      ready: replica.ready,
      withheld: [...replica.withheld],
      pendingCount: queue.list.length,
      heldCount: heldWrites().length,
      user,
      access,
      needsSignIn: needsSignIn(),
      reason: refusalReason || signOutReason,
      persisted: persistenceError === "",
      persistenceError: persistenceError || undefined,
      schema: schemaState,
    };
    return equal(now, latest) ? latest! : (latest = now);
  }

  const client: Client<any, any> = {
    rows: (collection) => collectionState(collection).rows() as any,
    row: (collection, key) => collectionState(collection).row(store.locate(collection, key)) as any,
    numbers: (collection) => collections[collection]!.numbers,
    pending: (collection, key) => store.pending(collection, store.locate(collection, key)),
    lastEdit: (collection, key) => edits?.get(collection, key),
    conflicts: conflicts.list,
    subscribe: (listener) => listen(ANY, listener),
    subscribeTo(collection, key, listener) {
      const id = key === undefined ? key : store.token(collection, key);
      // The key of a placeholder changes, so its listener follows the collection.
      const all = id === undefined || collectionState(collection).split(id).some(isTemporary);
      return listen(all ? collection : address(collection, id), listener);
    },
    create: (collection, values, options) => write("create", collection, values, options),
    update: (collection, changes, options) => write("update", collection, changes, options),
    delete: (collection, key, options) => write("delete", collection, key, options),
    request,
    initial: connectionState(),
    connection: connectionState,
    logout: () => request("logout").finally(() => onSignedOut()),

    reconnect() {
      ensureStarted();
      connection.reconnect();
    },

    async login(credentials) {
      const ack: Ack<any> = await request("login", credentials);
      if (ack.ok) {
        tokens.set((usedToken = ack.data.token));
        switchUser(ack.data.user);
        persist({});
        queue.flush();
      }
      return ack;
    },

    discard() {
      const held = heldWrites();
      for (const p of held) queue.settle(p, refusal("discarded"));
      return held.length;
    },

    close() {
      if (lifetime.signal.aborted) return;
      lifetime.abort();
      connection.close();
      queue.flush();
      for (const p of queue.list) p.settle?.(closed());
      listeners.clear();
      storage?.close().catch(() => {});
    },
  };
  if ("document" in globalThis) ensureStarted();
  return client;
}
