// Whether everything is as the acks said.

import { hash } from "./hash.js";
import { names } from "./operations.js";

export function judge({ ledger, truth, pages, journal }) {
  for (const write of ledger.unanswered) journal.broken("a write was never acked", { at: write.sent, write });
  const rows = histories(ledger, journal);
  for (const write of ledger.writes) {
    if (write.ack) reason(write, rows, journal);
  }
  for (const collection of Object.keys(names)) table(collection, rows[collection], truth[collection], journal);
  if (truth.schedules.length > 0) journal.broken("schedules, which nobody wrote", { rows: truth.schedules });
  shown(ledger, pages, journal);
}

// For each row, what was acked: one creation, any number of updates, one deletion at most.
function histories(ledger, journal) {
  const rows = Object.fromEntries(Object.keys(names).map((collection) => [collection, new Map()]));
  const done = ledger.writes.filter(({ ack }) => ack?.ok);
  for (const write of done.filter(({ kind }) => kind === "create")) {
    const known = rows[write.collection].get(write.ack.data.id);
    if (known) journal.broken("two writes were acked with one row", { at: write.acked, write, other: known.made });
    rows[write.collection].set(write.ack.data.id, { made: write, updates: [], deleted: [] });
  }
  for (const write of done.filter(({ kind }) => kind !== "create")) {
    const row = rows[write.collection].get(write.ack.data.id);
    if (!row) journal.broken("a write to a row that nobody made was acked", { at: write.acked, write });
    else row[write.kind === "delete" ? "deleted" : "updates"].push(write);
  }
  return rows;
}

// What was done is what was asked for. A refusal has a reason that holds, and what had to be refused was.
function reason({ ack, wrong, ...write }, rows, journal) {
  const { collection, payload } = write;
  const gone = (collection, id) => (rows[collection].get(id)?.deleted ?? [true]).length > 0;
  const unexplained = (key) => {
    if (wrong) return !wrong.includes(key);
    if (key === "$conflict") return payload.version === undefined || ack.data.version === payload.version;
    if (key === "$not_found") return !gone(collection, payload.id);
    if (key === "$in_use") return write.event !== "delete_exercise_move";
    const move = /^exercise_moves\.(\d+)\.id$/.exec(key);
    return !move || !gone("exercise_moves", payload.exercise_moves[move[1]].id);
  };
  const report = (what) => journal.broken(what, { at: write.acked, ack, write });
  if (ack.ok) {
    if (wrong) report("what is wrong was acked as done");
    const asked = { ...ack.data, ...payload, version: ack.data.version };
    if (!same(asked, ack.data)) report("acked with another row than was asked for");
    return;
  }
  const keys = Object.keys(ack.errors);
  if (keys.length === 0 || keys.some(unexplained)) report("refused without reason");
}

// What is in the table is what the acks add up to.
function table(collection, rows, found, journal) {
  const present = new Map(found.map((row) => [row.id, row]));
  if (present.size < found.length) journal.broken("two rows have one id", { collection });
  for (const [id, { made, updates, deleted }] of rows) {
    const row = present.get(id);
    const there = deleted.length === 0;
    const last = [made, ...updates].sort((one, other) => one.ack.data.version - other.ack.data.version);
    const versions = last.map(({ ack }) => ack.data.version);
    const at = last.at(-1).acked;
    if (versions.some((version, place) => version !== place + 1)) {
      journal.broken("versions have gaps or doubles", { at, versions, row, last });
    }
    if (deleted.length > 1) journal.broken("deleted twice", { at, deleted });
    if (!there && row) journal.broken("acked as deleted, and there", { at: deleted[0].acked, row, deleted });
    if (there && !row) journal.broken("acked and lost", { at, made, updates });
    if (there && row && !same(row, last.at(-1).ack.data)) {
      journal.broken("a row is not as its last write was acked", { at, row, write: last.at(-1) });
    }
  }
  for (const row of found) if (!rows.has(row.id)) journal.broken("a row that nobody was acked with", { row });
}

// Moves within a plan have writes of their own.
function same(one, other) {
  const own = ({ exercise_moves, ...fields }) => ({ ...fields, moves: exercise_moves?.map(({ id }) => id) });
  return hash(own(one)) === hash(own(other));
}

// Nobody was ever shown what was not acked as done.
function shown(ledger, pages, journal) {
  const done = new Set(ledger.writes.filter(({ ack }) => ack?.ok).map(({ marker }) => marker));
  const names = new Set(pages.flatMap((page) => [...page.names]));
  for (const name of names) {
    if (done.has(name)) continue;
    const write = ledger.writes.find(({ marker }) => marker === name);
    journal.broken("shown, though not acked as done", { at: write?.acked, name, write });
  }
}
