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
  /** Text columns that are compared and sorted as the whole numbers they contain. */
  numbers?: readonly string[];
  /** Collections whose rows are embedded in these, and the embedded fields. */
  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
}

