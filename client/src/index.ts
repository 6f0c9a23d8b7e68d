export { createClient } from "./client.ts";
export { fieldErrors, formikErrors, setErrors } from "./errors.ts";
export type {
  Ack,
  Authored,
  CollectionName,
  CollectionSchema,
  CollectionTypeMap,
  CollectionTypes,
  Conflict,
  Connection,
  DeletedOf,
  Embed,
  Key,
  KeyOf,
  NewOf,
  PersistedWrite,
  RemoteEdit,
  RowOf,
  Schema,
  Token,
  UpdateOf,
  Version,
  Write,
  WriteAck,
} from "./model.ts";
export type { Random } from "./pending.ts";
export type { PersistedSnapshot, Persistence, PersistenceHandle, PersistenceTarget } from "./persistence.ts";
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
