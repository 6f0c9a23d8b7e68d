// Whether everything is as the acks said.

import { hash } from "./hash.js";
import { names } from "./operations.js";
import { isPublished } from "./subscription.js";

export function verify({ writeLog, truth, pages, published, faultLog }) {
  for (const write of writeLog.unanswered) faultLog.violation("a write was never acked", { at: write.sent, write });
  const rows = histories(writeLog, faultLog);
  for (const write of writeLog.writes) {
    if (write.ack && !write.undone) reason(write, rows, faultLog);
  }
  const silent = loaded(writeLog, truth, faultLog);
  for (const collection of Object.keys(names)) {
    const found = truth[collection].filter(({ id }) => collection !== "coaches" || !(silent.has(id) || isPublished(id)));
    table(collection, rows[collection], found, faultLog);
  }
  if (truth.schedules.length > 0) faultLog.violation("schedules, which nobody wrote", { rows: truth.schedules });
  shown(writeLog, pages, published, faultLog);
}

// For each row, what was acked or noted: one creation, any number of updates, one deletion at most.
function histories(writeLog, faultLog) {
  const rows = Object.fromEntries(Object.keys(names).map((collection) => [collection, new Map()]));
  const done = writeLog.writes.filter(({ ack, undone }) => ack?.ok && !undone);
  const made = (write) => {
    const known = rows[write.collection].get(write.ack.data.id);
    if (known) faultLog.violation("two writes were acked with one row", { at: write.acked, write, other: known.made });
    rows[write.collection].set(write.ack.data.id, { made: write, updates: [], deleted: [] });
  };
  // Other programs' writes are treated as clients' writes, except for acks.
  const noted = writeLog.foreign.filter(({ kind }) => kind !== "silent");
  const others = noted.map(({ marker, kind, collection, id, row }) => ({
    ...{ marker, collection, kind: kind === "insert" ? "create" : kind, isForeign: true, payload: {} },
    ack: { ok: true, data: { ...row, id } },
  }));
  const all = [...done, ...others];
  for (const write of all.filter(({ kind }) => kind === "create")) made(write);
  for (const write of all.filter(({ kind }) => kind !== "create")) {
    const row = rows[write.collection].get(write.ack.data.id);
    if (!row) faultLog.violation("a write to a row that nobody made was acked", { at: write.acked, write });
    else row[write.kind === "delete" ? "deleted" : "updates"].push(write);
  }
  return rows;
}

// What was loaded behind all triggers is as the last load left it. Its version is what the server makes of that.
function loaded(writeLog, truth, faultLog) {
  const last = new Map(writeLog.foreign.filter(({ kind }) => kind === "silent").map(({ id, row }) => [id, row]));
  const present = new Map(truth.coaches.map((row) => [row.id, row]));
  for (const [id, row] of last) {
    const there = present.get(id);
    if (!there || !same({ ...row, version: 0 }, { ...there, version: 0 })) faultLog.violation("a loaded row is not as it was loaded", { row, there });
  }
  return last;
}

// What was done is what was asked for. A refusal has a reason that holds, and what had to be refused was.
function reason({ ack, wrong, ...write }, rows, faultLog) {
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
  const report = (what) => faultLog.violation(what, { at: write.acked, ack, write });
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
function table(collection, rows, found, faultLog) {
  const present = new Map(found.map((row) => [row.id, row]));
  if (present.size < found.length) faultLog.violation("two rows have one id", { collection });
  for (const [id, { made, updates, deleted }] of rows) {
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
    unseen(last, faultLog);
    if (deleted.length > 1) faultLog.violation("deleted twice", { at, deleted });
    if (!there && row) faultLog.violation("acked as deleted, and there", { at: deleted[0].acked, row, deleted });
    if (there && !row) faultLog.violation("acked and lost", { at, made, updates });
    if (there && row && !same(row, last.at(-1).ack.data)) {
      faultLog.violation("a row is not as its last write was acked", { at, row, write: last.at(-1) });
    }
  }
  for (const row of found) if (!rows.has(row.id)) faultLog.violation("a row that nobody was acked with", { row });
}

// What depends on a version was done to the row as it was then: nothing came between, and what was not to change did
// not.
function unseen(states, faultLog) {
  for (const [place, { acked: at, ack, payload, isForeign }] of states.entries()) {
    if (isForeign || place === 0 || payload.version === undefined) continue;
    const seen = states[place - 1];
    const data = { ...seen.ack.data, ...payload, version: ack.data.version };
    if (seen.ack.data.version !== payload.version || !same(data, ack.data)) {
      faultLog.violation("a change was overwritten that the writer had not seen", { at, ack, payload, seen });
    }
  }
}

// Moves within a plan have writes of their own.
function same(one, other) {
  const own = ({ exercise_moves, ...fields }) => ({ ...fields, moves: exercise_moves?.map(({ id }) => id) });
  return hash(own(one)) === hash(own(other));
}

// No page ever displayed a change that was neither acked as done nor noted by another program.
function shown(writeLog, pages, published, faultLog) {
  const acked = writeLog.writes.filter(({ ack }) => ack?.ok);
  const done = new Set([...acked, ...writeLog.foreign].map(({ marker }) => marker).concat(published.map(({ name }) => name)));
  const names = new Set(pages.flatMap((page) => [...page.names]));
  for (const name of names) {
    if (done.has(name)) continue;
    const write = writeLog.writes.find(({ marker }) => marker === name);
    faultLog.violation("shown, though not acked as done", { at: write?.acked, name, write });
  }
}
