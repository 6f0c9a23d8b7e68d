// What is done to the database when next to nothing happens that could cover the traces: a few writes right before, a
// few right after.

const some = 6;

// Crashes, with one write before and one after each.
export async function crash({ authors, database, faultLog }) {
  for (let round = 0; round < 3; round += 1) {
    await authors[round].one();
    faultLog.fault("crash", "of the database, in the quiet");
    await database.crash();
    await database.recover();
    await authors.at(-1 - round).one();
  }
}

// A backup is restored under the running servers. What was acked since is gone by the operator's hand; what is acked
// from then on is not. The backup has been written to meanwhile, so its log is as long as the one that it takes the
// place of.
export async function restore({ authors, database, writeLog, foreign, pages, faultLog, random }) {
  const board = structuredClone(writeLog.board);
  faultLog.fault("backup");
  await database.backup();
  const before = writeLog.writes.length;
  for (let n = 0; n < some; n += 1) await authors[n % authors.length].one();
  const [{ entries }] = await database.select("select max(seq) as entries from rowcast_change_log");
  await foreign.grow(random("backup"), entries);
  for (const page of pages) page.forgive();
  faultLog.fault("restore");
  await database.restore();
  writeLog.undo(before, board);
  await foreign.known();
  for (let n = 0; n < some; n += 1) await authors.at(-1 - (n % authors.length)).one();
}
