// What the package promises, in types.

import type { ManagerOptions, SocketOptions } from "socket.io-client";
import type { Random, Row } from "./pending.ts";
import type { Persistence } from "./persistence.ts";
import type { Store } from "./store.ts";
import type { TokenStore } from "./tokens.ts";

/** What every row has. */
export interface Identified {
  id: number;
  /** Another one whenever the row is; to be compared for equality alone. */
  version: number | string;
}

/** The three shapes of one collection. */
export interface Kind {
  row: Identified;
  new: object;
  update: { id: number; version?: number | string };
}

/** Collections by name; what `rowcast schema` generates as `Collections` fits. */
export type Kinds<C> = { [K in keyof C]: Kind };

/** How a field shows details of rows of another collection. */
export interface Nest {
  collection: string;
  many: boolean;
  fields: string[];
}

export interface CollectionSchema {
  /** In the singular, as in `new_coach`. */
  name: string;
  hash: string;
  /** Whether clients are sent it; one that is not is listed instead, and is not in the store. */
  sent: boolean;
  /** Fields whose text is sorted as the whole number that it spells. */
  numbers?: readonly string[];
  nests: Record<string, Nest>;
}

export interface Schema<C> {
  hash: string;
  /** Of what belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  types?: C;
}

export type Names<C> = keyof C & string;

/** The one answer to whatever was asked. `errors` maps a field, or a key with a `$`, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/** An ack of a write; it brings the conflict if there is one. */
export type WriteAck<T> = Ack<T> & { conflict?: Conflict };

/** A write on its way. It is a promise that is always fulfilled, with the ack. */
export interface Write<T> extends Promise<WriteAck<T>> {
  readonly requestId: string;
  /** Of the row; negative and of our own making for one that is being created. */
  readonly id: number;
}

export interface WriteOptions {
  /** Whether it shows before the server has answered. Default: true. */
  optimistic?: boolean;
}

export interface Connection {
  /** `live`: what is shown is what the server has. `refused`: it will not have us, see `reason`; `reconnect()` tries again. */
  state: "connecting" | "live" | "reconnecting" | "offline" | "refused";
  /** Whether all collections are there, perhaps as they were when last heard of. */
  ready: boolean;
  /** Collections that are too large for the server to send: they have no rows here, and are to be listed. */
  withheld: readonly string[];
  /** Writes that are not acked yet. */
  waiting: number;
  /** Those among them that wait for their user to sign in again. */
  held: number;
  /** Who is signed in. */
  user: Identified & Record<string, any> | null;
  access: "open" | "read" | "members";
  /** Whether nothing can be shown before somebody signs in. */
  signIn: boolean;
  /** Why we are refused, cannot be let in, or have been signed out, in a sentence. */
  reason?: string;
  /** Whether what is shown and what waits outlives the page. */
  kept: boolean;
  /** Why it does not, where it was to: the browser's own words. */
  keptReason?: string;
  schema: {
    matches: boolean;
    /** Collections whose shape is not the one this client was built for. */
    differs: string[];
  };
}

/** The latest change of a row that is not ours: somebody else's, or another program's. */
export interface Touch {
  /** `created`: it had not been there when it was first shown. */
  kind: "created" | "updated";
  /** When we heard of it, in milliseconds since 1970. */
  at: number;
  version: number | string;
  /** Who it was; null for somebody who is not signed in, undefined while unknown, as it stays where a program made it. */
  by?: { id: number; name: string } | null;
}

/** That another client has written. */
export interface Authored {
  collection: string;
  id: number;
  /** Null for a row that was deleted. */
  version: number | string | null;
  by: { id: number; name: string } | null;
}

/** What follows the changes of rows, for `touch`. */
export type Touches = (store: Store) => {
  get(collection: string, id: number): Touch | undefined;
  seen(collection: string, row: Row, created: boolean): void;
  authored(told: Authored): void;
  acked(collection: string, ack: WriteAck<any>): void;
  clear(): void;
};

type ConflictOf<C, K extends keyof C> = C[K] extends Kind
  ? {
      collection: K;
      id: number;
      requestId: string;
      /** The row that the change was made on, if it was there. */
      base?: C[K]["row"];
      /** The row as it was to be. */
      mine: C[K]["row"];
      /** The row as it stands. */
      theirs: C[K]["row"];
      /** The fields that were sent. */
      changes: Partial<C[K]["update"]>;
      /** Makes the same changes to the row as it stands. */
      keepMine(): Write<C[K]["row"]>;
      /** Lets the row stand. */
      keepTheirs(): void;
    }
  : never;

/** An update that was refused because the row had moved on. */
export type Conflict<C = any> = { [K in Names<C>]: ConflictOf<C, K> }[Names<C>];

/** What `login` is acked with; `expires` is in seconds since 1970. */
export interface SignedIn {
  user: Identified & Record<string, any>;
  token: string;
  expires: string | number;
}

export type SocketSettings = Omit<Partial<ManagerOptions & SocketOptions>, "auth" | "autoConnect" | "forceNew" | "retries">;

export interface ClientOptions {
  /** Default: the page's origin. */
  url?: string;
  /** Where the token is kept. Default: localStorage if there is one, else memory. */
  tokens?: TokenStore;
  /** Keeps the last picture and the writes that wait. Default: nothing is kept. */
  persistence?: Persistence;
  /** `touches()` of `@rowcast/client/touches` follows who changed which row. Default: nobody does. */
  touches?: Touches;
  /** Makes random bytes. Default: `crypto.getRandomValues`; where there is none, `Math.random` and the time. */
  random?: Random;
  /** Told how a write of an earlier page ended: the promise of its ack has gone with that page. */
  answered?: (write: EarlierWrite, ack: WriteAck<any>) => void;
  /** For socket.io-client; what is left out is the client's own business. */
  socket?: SocketSettings;
}

/** A write that was kept from an earlier page: what was to be done to which row, and with which fields. */
export interface EarlierWrite {
  kind: "create" | "update" | "delete";
  collection: string;
  id: number;
  values: Record<string, any>;
}

// An event as `rowcast schema` generates it: `[payload, ack]` or `[payload, options, ack]`, and `[ack]` if it needs none.
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type AckOf<A> = A extends [...any[], (ack: infer R) => void] ? R : never;
type PayloadOf<A> = A extends [infer P, any, any] ? P : never;
type IsAny<T> = 0 extends 1 & T ? true : false;

export type Asked<F> = IsAny<F> extends true ? Ack<any> : AckOf<Arguments<F>>;
export type Asking<F> = IsAny<F> extends true
  ? [payload?: unknown]
  : [Extract<Arguments<F>, [any]>] extends [never]
    ? [payload: PayloadOf<Arguments<F>>]
    : [payload?: PayloadOf<Arguments<F>>];

export interface Client<C, E = Record<string, any>> {
  /** In id order, our writes that are under way included; the same array until it changes. */
  rows<K extends Names<C>>(collection: K): readonly RowOf<C, K>[];
  /** The same object until it changes. A temporary id leads to the real row once that is known. */
  row<K extends Names<C>>(collection: K, id: number): RowOf<C, K> | undefined;
  /** A write of ours to this row that is not acked yet. */
  pending(collection: Names<C>, id: number): "create" | "update" | "delete" | undefined;
  /** Somebody else's latest change of a row since this client was made, if the option `touches` follows them. */
  touch(collection: Names<C>, id: number): Touch | undefined;
  /** The same object until it changes. */
  connection(): Connection;
  /** What it was at first, and what a server renders. */
  readonly initial: Connection;
  conflicts(): readonly Conflict<C>[];
  /** Fields whose text is sorted as the whole number that it spells. */
  numbers(collection: Names<C>): readonly string[] | undefined;
  /** Hears of anything at all; returns what ends it. */
  subscribe(listener: () => void): () => void;
  /** Hears of one collection, or of one row; returns what ends it. */
  subscribeTo(collection: Names<C>, id: number | undefined, listener: () => void): () => void;
  create<K extends Names<C>>(collection: K, values: NewOf<C, K>, options?: WriteOptions): Write<RowOf<C, K>>;
  update<K extends Names<C>>(collection: K, changes: UpdateOf<C, K>, options?: WriteOptions): Write<RowOf<C, K>>;
  delete(collection: Names<C>, id: number, options?: WriteOptions): Write<{ id: number }>;
  /** Everything that is no write: neither queued nor sent again; `$offline` without a connection. */
  ask<K extends keyof E & string>(event: K, ...payload: Asking<E[K]>): Promise<Asked<E[K]>>;
  login(who: { username: string; password: string }): Promise<Ack<SignedIn>>;
  logout(): Promise<Ack<null>>;
  /** Tries at once; a connection that is there is asked whether it is alive. */
  reconnect(): void;
  /** Gives up the writes that are held for somebody who is not signed in; returns how many. */
  discard(): number;
  close(): void;
}

export type RowOf<C, K extends keyof C> = C[K] extends Kind ? C[K]["row"] : never;
export type NewOf<C, K extends keyof C> = C[K] extends Kind ? C[K]["new"] : never;
export type UpdateOf<C, K extends keyof C> = C[K] extends Kind ? C[K]["update"] : never;
