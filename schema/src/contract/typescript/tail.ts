/** What a typed store needs to know of the collections while it runs. */
export interface Schema<C> {
  /** Of all of the contract; `connected` carries the server's. */
  hash: string;
  /** Of what belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  /** Never there: it carries the types of the rows. */
  types?: C;
}

export interface CollectionSchema {
  /** One row's name, as in `new_member`. */
  name: string;
  /** Of its row, its payloads and its columns. */
  hash: string;
  /** Whether clients are sent it, or must list it. */
  sent: boolean;
  /** Columns whose text is compared, and sorted, as the whole number that it spells. */
  numbers?: readonly string[];
  /** Whose rows are shown within these, and which of their fields. */
  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
}

