// Rows are named by the columns of their keys.

// A text that is equal for equal keys. `deleted` has the bare value of a key of one column.
export const identify = (columns, row) => JSON.stringify(columns.map((column) => row[column]));
export const identifyDeleted = (columns, key) => identify(columns, columns.length === 1 ? { [columns[0]]: key } : key);

export const keyOf = (columns, row) => Object.fromEntries(columns.map((column) => [column, row[column]]));

// The row in SQL.
export const where = (key) => Object.entries(key).map(([column, value]) => `${column} = ${literal(value)}`).join(" and ");

export const literal = (value) => (typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : `${value}`);
