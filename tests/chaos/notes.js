// What other programs note of what they did, in SQL: the row as clients are to be shown it.

// Where they are kept: a table without a key, which is no collection that is shown.
export const tables = {
  postgres: "create table if not exists chaos_notes (n bigint generated always as identity, marker text, kind text, collection text, key text, row text)",
  sqlite: "create table if not exists chaos_notes (marker text, kind text, collection text, key text, row text)",
};

export const order = { postgres: "n", sqlite: "rowid" };

// How a row is noted as it is then; a deletion, just before it.
export function note(database, product, { marker, kind, collection, which }) {
  const [array, object, text] = database.kind === "postgres" ? ["json_build_array", "json_build_object", "::text"] : ["json_array", "json_object", ""];
  const fields = Object.entries(product.columns(database, collection)).map(([name, value]) => `'${name}', ${value}`);
  const row = kind === "delete" ? "'{}'" : `${object}(${fields.join(", ")})${text}`;
  const values = `'${marker}', '${kind}', '${collection}', ${array}(${product.keys[collection].join(", ")})${text}, ${row}`;
  return `insert into chaos_notes (marker, kind, collection, key, row) select ${values} from ${collection} where ${which}`;
}

// Notes as they are read.
export const parsed = (found, product) =>
  found.map(({ marker, kind, collection, key, row }) => {
    const values = JSON.parse(key);
    const named = Object.fromEntries(product.keys[collection].map((column, at) => [column, values[at]]));
    return { marker, kind, collection, id: JSON.stringify(values), row: { ...JSON.parse(row), ...named } };
  });
