export { createClient } from "./client.ts";
export { fieldErrors, formikErrors, setErrors } from "./errors.ts";
export type {
  Ack,
  Authored,
  BaseRow,
  CollectionName,
  CollectionSchema,
  CollectionTypeMap,
  CollectionTypes,
  Conflict,
  Connection,
  Embed,
  NewOf,
  PersistedWrite,
  RemoteEdit,
  RowOf,
  Schema,
  UpdateOf,
  Write,
  WriteAck,
} from "./model.ts";
export type { Random } from "./pending.ts";
export type { PersistedSnapshot, Persistence, PersistenceHandle } from "./persistence.ts";
export { localTokens, memoryTokens, type TokenStore } from "./tokens.ts";
export type {
  AckFor,
  Client,
  ClientOptions,
  RemoteEdits,
  RequestArgs,
  RestoredWrite,
  SignedIn,
  SocketSettings,
  WriteOptions,
} from "./types.ts";
