// The public types of the client itself: its options and its members.

import type { ManagerOptions, SocketOptions } from "socket.io-client";
import type {
  Ack,
  Authored,
  CollectionName,
  Conflict,
  Connection,
  DeletedOf,
  Key,
  KeyOf,
  NewOf,
  PersistedWrite,
  RemoteEdit,
  Row,
  RowOf,
  UpdateOf,
  Write,
  WriteAck,
} from "./model.ts";
import type { Random } from "./pending.ts";
import type { Persistence } from "./persistence.ts";
import type { Store } from "./store.ts";
import type { TokenStore } from "./tokens.ts";

export interface WriteOptions {
  /** Whether the write is displayed before the server has answered. Default: true. */
  optimistic?: boolean;
}

/** Creates the tracker of remote edits, for `lastEdit`. */
export type RemoteEdits = (store: Store) => {
  get(collection: string, key: Key): RemoteEdit | undefined;
  onRowChanged(collection: string, row: Row, created: boolean): void;
  onAuthored(event: Authored): void;
  onAck(collection: string, ack: WriteAck<any>): void;
  clear(): void;
};

/** Data of the ack of `login`; `expires` is in seconds since 1970. */
export interface SignedIn {
  user: Row;
  token: string;
  expires: string | number;
}

export type SocketSettings = Omit<Partial<ManagerOptions & SocketOptions>, "auth" | "autoConnect" | "forceNew" | "retries">;

export interface ClientOptions {
  /** Default: the page's origin. */
  url?: string;
  /** Storage of the token. Default: localStorage if there is one, else memory. */
  tokens?: TokenStore;
  /** Stores the rows and the unacked writes. Default: none. */
  persistence?: Persistence;
  /** `remoteEdits()` of `@rowcast/client/remote-edits` tracks the author of each row's latest change. Default: none. */
  remoteEdits?: RemoteEdits;
  /** Source of random bytes. Default: `crypto.getRandomValues`; without it, `Math.random` and the time. */
  random?: Random;
  /** Called with the ack of a write restored from an earlier page, whose promise is gone with that page. */
  onRestoredWriteSettled?: (write: RestoredWrite, ack: WriteAck<any>) => void;
  /** Settings of socket.io-client, except those that the client sets itself. */
  socket?: SocketSettings;
}

/** A write restored from an earlier page. */
export interface RestoredWrite extends Pick<PersistedWrite, "kind" | "collection" | "values"> {
  /** Key of the row. */
  id: Key;
}

// An event as `rowcast schema` generates it: `[payload, ack]` or `[payload, options, ack]`, and `[ack]` if it needs
// none.
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type AckOf<A> = A extends [...any[], (ack: infer R) => void] ? R : never;
type PayloadOf<A> = A extends [infer P, any, any] ? P : never;
type IsAny<T> = 0 extends 1 & T ? true : false;

export type AckFor<F> = IsAny<F> extends true ? Ack<any> : AckOf<Arguments<F>>;
export type RequestArgs<F> = IsAny<F> extends true
  ? [payload?: unknown]
  : [Extract<Arguments<F>, [any]>] extends [never]
    ? [payload: PayloadOf<Arguments<F>>]
    : [payload?: PayloadOf<Arguments<F>>];

export interface Client<C, E = Record<string, any>> {
  /** The displayed rows in the order of their keys, with the pending writes applied; the same array until it changes. */
  rows<K extends CollectionName<C>>(collection: K): readonly RowOf<C, K>[];
  /** The displayed row; the same object until it changes. The key of a placeholder resolves to the real row. */
  row<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): RowOf<C, K> | undefined;
  /** Kind of the oldest unacked write of this client to the row. */
  pending<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): "create" | "update" | "delete" | undefined;
  /**
   * The latest change of a row by another user or program since the client was created, with the option `remoteEdits`.
   */
  lastEdit<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>): RemoteEdit | undefined;
  /** The same object until it changes. */
  connection(): Connection;
  /** The first value of `connection()`, and the one that a server renders. */
  readonly initial: Connection;
  conflicts(): readonly Conflict<C>[];
  /** Fields whose text sorts as a number. */
  numbers(collection: CollectionName<C>): readonly string[] | undefined;
  /** Calls the listener after any change; returns a function that ends the subscription. */
  subscribe(listener: () => void): () => void;
  /**
   * Calls the listener after a change of a collection, or of one row; returns a function that ends the subscription.
   */
  subscribeTo<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K> | undefined, listener: () => void): () => void;
  create<K extends CollectionName<C>>(collection: K, values: NewOf<C, K>, options?: WriteOptions): Write<RowOf<C, K>, KeyOf<C, K>>;
  update<K extends CollectionName<C>>(collection: K, changes: UpdateOf<C, K>, options?: WriteOptions): Write<RowOf<C, K>, KeyOf<C, K>>;
  delete<K extends CollectionName<C>>(collection: K, key: KeyOf<C, K>, options?: WriteOptions): Write<DeletedOf<C, K>, KeyOf<C, K>>;
  /** Sends any request that is no write. It is neither queued nor repeated; `$offline` without a connection. */
  request<K extends keyof E & string>(event: K, ...payload: RequestArgs<E[K]>): Promise<AckFor<E[K]>>;
  login(credentials: { username: string; password: string }): Promise<Ack<SignedIn>>;
  logout(): Promise<Ack<null>>;
  /** Connects at once; checks an existing connection. */
  reconnect(): void;
  /** Gives up the writes held for a user who is not signed in; returns their number. */
  discard(): number;
  close(): void;
}
