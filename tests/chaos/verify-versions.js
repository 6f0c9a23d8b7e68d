// The order of a row's states by versions that each write counts up.

import { isSame } from "./hash.js";
import { identify } from "./keys.js";

// For each row, what was acked or noted: one creation, any number of updates, one deletion at most.
export function histories({ product, writeLog, faultLog }) {
  const identified = (collection, row) => identify(product.keys[collection], row);
  const rows = Object.fromEntries(product.written.map((collection) => [collection, new Map()]));
  const done = writeLog.writes.filter(({ ack, undone }) => ack?.ok && !undone);
  const made = (write) => {
    const known = rows[write.collection].get(identified(write.collection, write.ack.data));
    if (known) faultLog.violation("two writes were acked with one row", { at: write.acked, write, other: known.made });
    rows[write.collection].set(identified(write.collection, write.ack.data), { made: write, updates: [], deleted: [] });
  };
  // Other programs' writes are treated as clients' writes, except for acks.
  const noted = writeLog.foreign.filter(({ kind }) => kind !== "silent");
  const others = noted.map(({ marker, kind, collection, row }) => ({
    ...{ marker, collection, kind: kind === "insert" ? "create" : kind, isForeign: true, payload: {} },
    ack: { ok: true, data: row },
  }));
  const all = [...done, ...others];
  for (const write of all.filter(({ kind }) => kind === "create")) made(write);
  for (const write of all.filter(({ kind }) => kind !== "create")) {
    const row = rows[write.collection].get(identified(write.collection, write.ack.data));
    if (!row) faultLog.violation("a write to a row that nobody made was acked", { at: write.acked, write });
    else row[write.kind === "delete" ? "deleted" : "updates"].push(write);
  }
  return rows;
}

// What is in the table is what the acks add up to.
export function table(collection, rows, found, { product, faultLog }) {
  const same = (one, other) => isSame(product, collection, one, other);
  const present = new Map(found);
  for (const [id, { made, updates, deleted }] of rows[collection]) {
    const row = present.get(id);
    const there = deleted.length === 0;
    const last = [made, ...updates].sort((one, other) => one.ack.data.version - other.ack.data.version);
    const versions = last.map(({ ack }) => ack.data.version);
    const at = last.at(-1).acked;
    // Ours count by one. Another program's is another version, unless it changed nothing.
    const isForeign = last.some(({ isForeign }) => isForeign);
    const isStill = (place) => last[place].isForeign && same(last[place].ack.data, last[place - 1].ack.data);
    const wrong = (version, place) => {
      if (!isForeign || place === 0) return version !== place + 1;
      return version < versions[place - 1] || (version === versions[place - 1] && !isStill(place));
    };
    if (versions.some(wrong)) faultLog.violation("versions have gaps or doubles", { at, versions, row, last });
    unseen(last, same, faultLog);
    if (deleted.length > 1) faultLog.violation("deleted twice", { at, deleted });
    if (!there && row) faultLog.violation("acked as deleted, and there", { at: deleted[0].acked, row, deleted });
    if (there && !row) faultLog.violation("acked and lost", { at, made, updates });
    if (there && row && !same(row, last.at(-1).ack.data)) {
      faultLog.violation("a row is not as its last write was acked", { at, row, write: last.at(-1) });
    }
  }
  for (const [id, row] of found) if (!rows[collection].has(id)) faultLog.violation("a row that nobody was acked with", { row });
}

// What depends on a version was done to the row as it was then: nothing came between, and what was not to change did
// not.
function unseen(states, same, faultLog) {
  for (const [place, { acked: at, ack, payload, isForeign }] of states.entries()) {
    if (isForeign || place === 0 || payload.version === undefined) continue;
    const seen = states[place - 1];
    const data = { ...seen.ack.data, ...payload, version: ack.data.version };
    if (seen.ack.data.version !== payload.version || !same(data, ack.data)) {
      faultLog.violation("a change was overwritten that the writer had not seen", { at, ack, payload, seen });
    }
  }
}

// Pages have compared versions as they came.
export const seen = () => {};
