// Whether everything is as the acks said.

import { isSame } from "./hash.js";
import { isPublished } from "./subscription.js";
import * as byHistory from "./verify-history.js";
import * as byVersions from "./verify-versions.js";

export async function verify(run) {
  const { product, writeLog, truth, pages, published, faultLog } = run;
  for (const write of writeLog.unanswered) faultLog.violation("a write was never acked", { at: write.sent, write });
  const order = product.countsVersions ? byVersions : byHistory;
  const rows = await order.histories(run);
  for (const write of writeLog.writes) {
    if (write.ack && !write.undone) reason(write, rows, run);
  }
  const silent = loaded(run);
  for (const collection of product.written) {
    const isOther = (id) => collection === product.foreign.loaded && (silent.has(id) || isPublished(id));
    order.table(collection, rows, [...indexed(run, collection)].filter(([id]) => !isOther(id)), run);
  }
  if (truth.schedules?.length > 0) faultLog.violation("schedules, which nobody wrote", { rows: truth.schedules });
  for (const page of pages) order.seen(page, rows, run);
  shown(writeLog, pages, published, faultLog);
}

// The rows of a table by their keys.
function indexed({ product, truth, faultLog }, collection) {
  const rows = new Map(truth[collection].map((row) => [JSON.stringify(product.keys[collection].map((column) => row[column])), row]));
  if (rows.size < truth[collection].length) faultLog.violation("two rows have one key", { collection });
  return rows;
}

// What was loaded behind all triggers is as the last load left it. Its version is what the server makes of that.
function loaded({ product, writeLog, truth, faultLog }) {
  const collection = product.foreign.loaded;
  const last = new Map(writeLog.foreign.filter(({ kind }) => kind === "silent").map(({ id, row }) => [id, row]));
  const present = indexed({ product, truth, faultLog }, collection);
  for (const [id, row] of last) {
    const there = present.get(id);
    if (!there || !isSame(product, collection, { ...row, version: 0 }, { ...there, version: 0 })) faultLog.violation("a loaded row is not as it was loaded", { row, there });
  }
  return last;
}

// What was done is what was asked for. A refusal has a reason that holds, and what had to be refused was.
function reason({ ack, wrong, ...write }, rows, { product, faultLog }) {
  const { collection, payload } = write;
  const find = (collection, row) => rows[collection].get(JSON.stringify(product.keys[collection].map((column) => row[column])));
  const isGone = (collection, row) => (find(collection, row)?.deleted ?? [true]).length > 0;
  const wasThere = (collection, row) => Boolean(find(collection, row));
  const isExplained = ([key, sentence]) => {
    if (wrong) return wrong.includes(key);
    if (key === "$conflict") return payload.version !== undefined && ack.data.version !== payload.version;
    if (key === "$not_found") return isGone(collection, payload);
    return product.explains({ ...write, isGone, wasThere }, key, sentence);
  };
  const report = (what) => faultLog.violation(what, { at: write.acked, ack, write });
  if (ack.ok) {
    if (wrong) report("what is wrong was acked as done");
    const asked = { ...ack.data, ...payload, version: ack.data.version };
    if (!isSame(product, collection, asked, ack.data)) report("acked with another row than was asked for");
    return;
  }
  const errors = Object.entries(ack.errors);
  if (errors.length === 0 || !errors.every(isExplained)) report("refused without reason");
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
