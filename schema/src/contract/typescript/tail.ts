/** The values about collections that a typed store needs at run time. */
export interface Schema<C> {
  /** The hash of the whole schema; `connected` carries the server's. */
  hash: string;
  /** The hash of everything that belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  /** Never set: it carries the types of the rows. */
  types?: C;
}

export interface CollectionSchema {
  /** The singular name, as in `new_member`. */
  name: string;
  /** The hash of its row, payloads and columns. */
  hash: string;
  /** Whether it is kept live on clients; otherwise it must be listed. */
  sent: boolean;
//+  /** The columns of the key, in order; `["id"]` if absent. */
//+  key?: readonly string[];
//+  /** The field with the row's version, which is opaque; `version` if absent. */
//+  version?: string;
//-  /** Text columns that are compared and sorted as the whole numbers they contain. */
//+  /** Text columns that are compared and sorted as the numbers they contain. */
  numbers?: readonly string[];
//+  /** Text columns that contain an integer. */
//+  bigints?: readonly string[];
//+  /** Text columns that contain an instant. */
//+  times?: readonly string[];
//-  /** Collections whose rows are embedded in these, and the embedded fields. */
//-  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
//+  /** Collections whose rows are embedded in these, the embedded fields, and the columns with the key of the embedded row. */
//+  nests: Record<string, { collection: string; many: boolean; fields: string[]; by?: string[] }>;
}

