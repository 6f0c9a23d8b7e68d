// The data types that the other modules share. This module imports nothing.

export type Row = Record<string, any>;
export type Fields = Record<string, any>;

/** Differs whenever the row does; compare it for equality only. */
export type Version = number | string;

/** A row's key: the value of its only column, or an object with the values of several. */
export type Key = number | string | Fields;

/** A key as the key of a `Map`: the value of the only column, or the JSON of several. */
export type Token = number | string;

/** The three shapes of one collection, and its key. */
export interface CollectionTypes {
  row: object;
  new: object;
  update: object;
  /** Absent for the integer column `id`. */
  key?: unknown;
}

/** Collections by name. `Collections`, as `rowcast schema` generates it, satisfies this. */
export type CollectionTypeMap<C> = { [K in keyof C]: CollectionTypes };

export type CollectionName<C> = keyof C & string;
export type RowOf<C, K extends keyof C> = C[K] extends CollectionTypes ? C[K]["row"] : never;
export type NewOf<C, K extends keyof C> = C[K] extends CollectionTypes ? C[K]["new"] : never;
export type UpdateOf<C, K extends keyof C> = C[K] extends CollectionTypes ? C[K]["update"] : never;

type IsAny<T> = 0 extends 1 & T ? true : false;
// As an object, so that a number is known to be a key where `K` is generic and all keys are numbers.
type Keys<C> = { [K in keyof C]: C[K] extends { key: infer Own } ? Own : number };
/** The type of a collection's keys. */
export type KeyOf<C, K extends keyof C> = IsAny<C> extends true ? any : Keys<C>[K];
/** The data of the ack of `delete`: the key's columns. */
export type DeletedOf<C, K extends keyof C> = C[K] extends { key: infer Own } ? (Own extends object ? Own : Record<string, Own>) : { id: number };

/** A field that embeds details of rows of another collection. */
export interface Embed {
  collection: string;
  many: boolean;
  fields: string[];
  /** The row's own columns with the key of the embedded row; absent if the nested object has the key, as `id`. */
  by?: readonly string[];
}

export interface CollectionSchema {
  /** The singular, as in `new_coach`. */
  name: string;
  hash: string;
  /**
   * Whether the server keeps the collection live on clients. Other collections are listed, and have no rows in the
   * store.
   */
  sent: boolean;
  /** The columns of the primary key, in its order. Absent: `["id"]`, an integer. */
  key?: readonly string[];
  /** The column of the version. Absent: `version`. */
  version?: string;
  /** Fields whose text sorts as a number. */
  numbers?: readonly string[];
  /** Fields whose text is an integer. */
  bigints?: readonly string[];
  /** Fields whose text is an instant. */
  times?: readonly string[];
  nests: Record<string, Embed>;
}

export interface Schema<C> {
  hash: string;
  /** Hash of everything that belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  types?: C;
}

/** The server's answer to a request. `errors` maps a field, or a key that starts with `$`, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/** The ack of a write, with the conflict if there is one. */
export type WriteAck<T> = Ack<T> & { conflict?: Conflict };

/** A write in progress: a promise of its ack, which is never rejected. */
export interface Write<T, Id = number> extends Promise<WriteAck<T>> {
  readonly requestId: string;
  /** Key of the row; the key of a placeholder if the row is being created and the database makes its key. */
  readonly id: Id;
}

type ConflictOf<C, K extends keyof C> = C[K] extends CollectionTypes
  ? {
      collection: K;
      /** Key of the row. */
      id: KeyOf<C, K>;
      requestId: string;
      /** The row that the update was made on, if it is known. */
      base?: C[K]["row"];
      /** The row as the update would have made it. */
      mine: C[K]["row"];
      /** The server's row; it tracks the server until the conflict is resolved. */
      theirs: C[K]["row"];
      /** The fields that were sent. */
      changes: Partial<C[K]["update"]>;
      /** Resends the fields, based on `theirs`. */
      keepMine(): Write<C[K]["row"], KeyOf<C, K>>;
      /** Keeps the server's row. */
      keepTheirs(): void;
    }
  : never;

/** An update that the server rejected because the row had changed since. */
export type Conflict<C = any> = { [K in CollectionName<C>]: ConflictOf<C, K> }[CollectionName<C>];

export interface Connection {
  /** `live`: the displayed rows are the server's current rows. `refused`: see `reason`; `reconnect()` tries again. */
  state: "connecting" | "live" | "reconnecting" | "offline" | "refused";
  /** Whether all collections are available, perhaps from an earlier connection. */
  ready: boolean;
  /** Collections that are too large for the server to send. They have no rows here; request their lists. */
  withheld: readonly string[];
  /** Number of unacked writes. */
  pendingCount: number;
  /** Number of those that wait until their user signs in again. */
  heldCount: number;
  /** The signed-in user. */
  user: Row | null;
  access: "open" | "read" | "members";
  /** Whether nothing can be displayed before a sign-in. */
  needsSignIn: boolean;
  /** Why the server refuses the connection, cannot be reached, or has ended the sign-in, in a sentence. */
  reason?: string;
  /** Whether the rows and the unacked writes outlive the page. */
  persisted: boolean;
  /** The browser's message, if persistence was requested and fails. */
  persistenceError?: string;
  schema: {
    matches: boolean;
    /** Collections whose types are not those that the client was built for. */
    differs: string[];
  };
}

/** What a change did: rows as they are now, and keys of deleted rows, by collection. */
export type Difference = Record<string, { upserted: Row[]; deleted: Key[] }>;

export type WriteKind = "create" | "update" | "delete";

/** The part of a pending write that outlives the page. */
export interface PersistedWrite {
  /** Position in the order that the writes were made in. */
  seq: number;
  kind: WriteKind;
  collection: string;
  /** Key of the row, as a text if it has several columns. What the database has not made yet is temporary. */
  id: Token;
  requestId: string;
  /** The payload. It does not change after the first send, because the server compares repeats with it. */
  values: Fields;
  optimistic: boolean;
  /** Id of the user who made the write; null without a sign-in. */
  owner: Token | null;
  /** Time of the first send by the server's clock, in milliseconds since 1970; absent before it. */
  first?: number;
  /** Highest row id known before the first send, or number of rows: a created row gets a higher one. */
  after: number;
}

/** A write that the server has not acked. */
export interface Pending extends PersistedWrite {
  /** Whether the write may have reached the server. */
  sent?: boolean;
  /** Id of the connection that it was last sent on. */
  on?: number;
  /** Key of the server's row that is taken for the created one until the ack arrives. */
  match?: Token | undefined;
  /** Earlier creates, unacked, of rows that this write names; and of a create, the values by which it is named. */
  needs?: Set<Pending>;
  names?: string[];
  /** The row that the update was made on. */
  base?: Row | undefined;
  /** Number of acks that delay this write alone, and the end of the delay by the page's own clock. */
  tries?: number;
  until?: number;
  settle?(ack: WriteAck<any>): void;
}

/** The latest change of a row by another user or program. */
export interface RemoteEdit {
  /** `created`: the row did not exist when it was first displayed. */
  kind: "created" | "updated";
  /** Time of receipt, in milliseconds since 1970. */
  at: number;
  version: Version;
  /** The author; null for a user who is not signed in, undefined while unknown and for other programs. */
  by?: { id: Key; name: string } | null;
}

/** Payload of the event `authored`: another client's write. */
export interface Authored {
  collection: string;
  /** Key of the row. */
  id: Key;
  /** Null for a deleted row. */
  version: Version | null;
  by: { id: Key; name: string } | null;
}
