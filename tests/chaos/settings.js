// What is played: the planner, and tables of a database that the program `rowcast` was attached to.

import { attached } from "./attached/attached.js";
import { postgres, sqlite } from "./database.js";
import { planner } from "./planner/planner.js";
import { pooled } from "./pooler.js";

const file = (_, folder) => sqlite(folder);

// `writes` is how many there are in a short run.
export const settings = {
  sqlite: { product: planner, writes: 250, nodes: 1, database: file },
  postgres: { product: planner, writes: 250, nodes: 1, database: postgres },
  nodes: { product: planner, writes: 250, nodes: 2, database: postgres },
  pooler: { product: planner, writes: 250, nodes: 1, database: pooled },
  "tables-sqlite": { product: attached, writes: 150, nodes: 1, database: file },
  "tables-postgres": { product: attached, writes: 150, nodes: 1, database: postgres },
  "tables-nodes": { product: attached, writes: 150, nodes: 2, database: postgres },
  "tables-pooler": { product: attached, writes: 150, nodes: 1, database: pooled },
};
// What is played if nothing is named.
export const usual = ["sqlite", "postgres", "nodes", "tables-sqlite", "tables-postgres", "tables-nodes"];
