// The order of a row's states by the history that the database keeps, which no server takes part in: every acked write is
// in it exactly once, and nothing else is.

import { history } from "./attached/tables.js";
import { isSame } from "./hash.js";
import { identify } from "./keys.js";

// For each row its states in order: `{ name, source }`, without a name where it went. A source is the write that was acked,
// or what another program noted.
export async function histories({ product, database, writeLog, pages, faultLog }) {
  const rows = Object.fromEntries(product.written.map((collection) => [collection, new Map()]));
  const done = writeLog.writes.filter(({ ack, undone }) => ack?.ok && !undone);
  const noted = writeLog.foreign.filter(({ kind }) => kind !== "silent");
  const sources = sourcesOf(product, done, noted);
  for (const { collection, id, name } of await history(database)) {
    if (!rows[collection].has(id)) rows[collection].set(id, { states: [], deleted: [] });
    const row = rows[collection].get(id);
    const there = row.states.at(-1)?.name;
    const source = sources.get(name);
    row.states.push({ name, source });
    if (!name) row.deleted.push(name);
    else if (!source) faultLog.violation("a change that nobody was acked with", { collection, id, name, write: writeLog.writes.find(({ marker }) => marker === name) });
    else if (source.collection !== collection || source.id !== id) faultLog.violation("a write was done to another row", { collection, id, source });
    else if (source.isDone) faultLog.violation("a write was done twice", { at: source.acked, source });
    else if ((source.kind === "create") === Boolean(there)) faultLog.violation("a write was done to a row that was not there, or made one that was", { source });
    if (source) source.isDone = true;
  }
  for (const source of sources.values()) if (!source.isDone) faultLog.violation("acked and lost", { at: source.acked, source });
  deletions({ product, rows, done, noted, faultLog });
  unseen({ product, rows, versions: versionsOf({ product, sources, pages, faultLog }), faultLog });
  return rows;
}

function sourcesOf(product, done, noted) {
  const clients = done.filter(({ kind }) => kind !== "delete").map(({ marker, collection, kind, payload, acked, ack: { data } }) => {
    return { marker, collection, kind: kind === "create" ? kind : "update", payload, acked, data, id: identify(product.keys[collection], data) };
  });
  const others = noted.filter(({ kind }) => kind !== "delete").map(({ marker, collection, kind, id, row }) => {
    return { marker, collection, kind: kind === "insert" ? "create" : kind, payload: {}, data: row, id, isForeign: true };
  });
  return new Map([...clients, ...others].map((source) => [source.marker, source]));
}

// Whether each row went as often as that was acked. Another program may have noted a deletion for which it came too late.
function deletions({ product, rows, done, noted, faultLog }) {
  const count = (some, collection, id) => some.filter((write) => write.kind === "delete" && write.collection === collection && write.id === id).length;
  const acked = done.map(({ kind, collection, ack }) => ({ kind, collection, id: identify(product.keys[collection], ack.data) }));
  for (const write of acked.filter(({ kind, collection, id }) => kind === "delete" && !rows[collection].has(id))) {
    faultLog.violation("a deletion of a row that nobody made was acked", { write });
  }
  for (const collection of product.written) {
    for (const [id, { deleted }] of rows[collection]) {
      const [parent, of] = product.parent(collection, id) ?? [];
      const cascades = parent ? (rows[parent].get(of)?.deleted.length ?? 0) : 0;
      const [least, more] = [count(acked, collection, id), count(noted, collection, id) + cascades];
      if (deleted.length < least) faultLog.violation("acked as deleted more often than it was", { collection, id, acked: least, deleted: deleted.length });
      if (deleted.length > least + more) faultLog.violation("deleted, though nobody was acked with it", { collection, id, acked: least, deleted: deleted.length });
    }
  }
}

// Which state of a row a version stands for, and never for another one.
function versionsOf({ product, sources, pages, faultLog }) {
  const versions = new Map();
  const put = (collection, row) => {
    if (row.version === undefined) return;
    const key = `${collection} ${identify(product.keys[collection], row)} ${row.version}`;
    const known = versions.get(key) ?? row.name;
    if (known !== row.name && !product.counted.includes(collection)) faultLog.violation("one version stands for two states", { key, known, row });
    versions.set(key, row.name);
  };
  for (const page of pages) {
    for (const seen of page.seen) {
      for (const [key, some] of seen) for (const { row, acked } of some) if (row && !acked) put(key.slice(0, key.indexOf(" ")), row);
    }
  }
  for (const { collection, data } of sources.values()) put(collection, data);
  return versions;
}

// What depends on a version was done to the row as it was then: nothing came between, and what was not to change did
// not. A version of the table's own counts each write.
function unseen({ product, rows, versions, faultLog }) {
  for (const collection of product.written) {
    for (const [id, { states }] of rows[collection]) {
      let count = 0;
      for (const [place, { name, source }] of states.entries()) {
        count = name ? count + 1 : 0;
        if (!source) continue;
        if (product.counted.includes(collection) && source.data.version !== count) faultLog.violation("versions have gaps or doubles", { at: source.acked, count, source });
        if (source.payload.version === undefined || source.kind !== "update") continue;
        const before = states[place - 1];
        const seen = versions.get(`${collection} ${id} ${source.payload.version}`);
        const data = { ...before?.source?.data, ...source.payload, version: source.data.version };
        if (seen !== before?.name || !isSame(product, collection, data, source.data)) {
          faultLog.violation("a change was overwritten that the writer had not seen", { at: source.acked, source, seen, before });
        }
      }
    }
  }
}

// What is in the table is what its history says, and each row as its last write was acked.
export function table(collection, rows, found, { product, faultLog }) {
  const present = new Map(found);
  for (const [id, { states }] of rows[collection]) {
    const [row, { name, source }] = [present.get(id), states.at(-1)];
    if (Boolean(row) !== Boolean(name)) faultLog.violation("a table is not as its history says", { collection, id, row, name });
    if (row && source && !isSame(product, collection, row, source.data)) faultLog.violation("a row is not as its last write was acked", { at: source.acked, row, source });
  }
  for (const [id, row] of present) if (!rows[collection].has(id)) faultLog.violation("a row that nobody was acked with", { row });
}

// A page never went back in a row's history, and had come as far as its own acks.
export function seen(page, rows, { faultLog }) {
  for (const one of page.seen) {
    for (const [key, some] of one) {
      const at = key.indexOf(" ");
      const states = rows[key.slice(0, at)].get(key.slice(at + 1))?.states;
      if (states) follow({ page, key, states, some, faultLog });
    }
  }
}

function follow({ page, key, states, some, faultLog }) {
  const of = (name) => states.findIndex((state) => state.name === name);
  const gone = (from) => states.findIndex(({ name }, place) => place >= from && !name);
  let now = -1;
  for (const { row, isGone, acked } of some) {
    if (acked) {
      if (isEarly({ now, of, gone, states, row, acked })) faultLog.count("acked before shown");
      continue;
    }
    const next = isGone ? (now < 0 ? now : gone(now)) : of(row.name);
    if (next < now) {
      const what = isGone ? "a row went that was there" : "a row went back in time";
      faultLog.violation(what, { page: page.name, live: page.live, key, row, now: states[now], states: states.map(({ name }) => name) });
      return;
    }
    now = next;
  }
}

// Whether a page that shows this of a row has not yet come to a write. A row that is not shown may have been deleted since.
function isEarly({ now, of, gone, states, row, acked }) {
  if (acked.kind === "delete") return row && gone(0) >= of(row.name);
  const place = of(acked.marker);
  if (place < 0) return false;
  return row ? now < place : !(gone(place) > place) || states[now]?.name;
}
