export { createClient } from "./client.ts";
export { fieldErrors, formikErrors, setErrors } from "./errors.ts";
export type { Random } from "./pending.ts";
export type { Keeper, Kept, KeptPicture, Persistence } from "./persistence.ts";
export { localTokens, memoryTokens, type TokenStore } from "./tokens.ts";
export type {
  Ack,
  Asked,
  Asking,
  Authored,
  Client,
  ClientOptions,
  CollectionSchema,
  Conflict,
  Connection,
  EarlierWrite,
  Identified,
  Kind,
  Kinds,
  Names,
  Nest,
  NewOf,
  RowOf,
  Schema,
  SignedIn,
  SocketSettings,
  Touch,
  Touches,
  UpdateOf,
  Write,
  WriteAck,
  WriteOptions,
} from "./types.ts";
