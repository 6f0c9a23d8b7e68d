// One run: puts everything together, lets it rage, waits for calm, and has it judged.

import { setTimeout as pause } from "node:timers/promises";
import { confess, settle } from "./calm.js";
import { postgres, sqlite, table } from "./database.js";
import { Faults } from "./faults.js";
import { judge } from "./judge.js";
import { Ledger } from "./ledger.js";
import { start } from "./nodes.js";
import { Page } from "./page.js";
import { Random } from "./random.js";
import { Relay } from "./relay.js";
import { Writer } from "./writer.js";

export const settings = {
  sqlite: { nodes: 1, database: (_, folder) => sqlite(folder) },
  postgres: { nodes: 1, database: postgres },
  nodes: { nodes: 2, database: postgres },
};

// Long-polling needs one server, or a way to it that knows sessions; the first does not.
const ways = [["websocket"], ["websocket"], ["polling", "websocket"], ["polling"]];
const writers = 8;
const readers = 6;

export async function play(test, { name, folder, journal, seed, writes, seconds }) {
  const { nodes: count, database: begin } = settings[name];
  const random = (who) => new Random(seed, `${name}/${who}`);
  const database = await begin(test, folder);
  const nodes = [];
  for (let at = 0; at < count; at += 1) {
    // One of them soon forgets what its clients have missed.
    const more = at === 1 ? ["--change-log-rows", "30"] : [];
    nodes.push(await start(test, { name: `node-${at}`, folder, database, settings: more }));
  }
  const relay = new Relay({ nodes, journal, random });
  const url = await relay.listen();
  test.after(() => relay.close());

  const open = (kind, at, live, extra) => {
    const transports = ways[count > 1 ? 0 : at % ways.length];
    const page = new Page({ url, name: `${kind}${at}`, live, journal, options: { transports, ...extra } });
    test.after(() => page.socket.disconnect());
    return page;
  };
  const ledger = new Ledger(journal);
  const reading = Array.from({ length: readers }, (_, at) => open("r", at, at % 2 ? "snapshots" : "changes"));
  const pages = [...reading];
  const authors = Array.from({ length: writers }, (_, at) => {
    const chance = random(`w${at}`);
    const stock = { retries: chance.between(20, 50), ackTimeout: chance.between(1000, 2000) };
    const page = open("w", at, at % 4 === 0 ? "snapshots" : "changes", stock);
    pages.push(page);
    return new Writer({ page, ledger, journal, random: chance });
  });

  const faults = new Faults({ nodes, database, pages: reading, journal, random });
  const measuring = setInterval(() => nodes.forEach((node) => node.up && node.measure()), 1000);
  test.after(() => clearInterval(measuring));
  let left = writes;
  const writing = Promise.all(authors.map((author) => author.write(() => left-- > 0)));
  const raged = await Promise.race([writing, pause(seconds * 1000, "late", { ref: false })]);
  relay.calm = true;
  await faults.calm();
  if (raged === "late") {
    journal.broken(`not all writes were acked within ${seconds} s`);
    return ledger.unanswered.forEach((write) => journal.broken("not acked", { at: write.sent, write }));
  }

  if (database.crash) await inTheQuiet({ authors, database, journal });
  const truth = await table(database);
  await settle({ test, nodes, pages, truth, journal });
  judge({ ledger, truth, pages, journal });
  await confess({ nodes, ledger, journal });
}

// Crashes after which next to nothing happens that could cover their traces: one write right before, one right after.
async function inTheQuiet({ authors, database, journal }) {
  for (let round = 0; round < 3; round += 1) {
    await authors[round].one();
    journal.fault("crash", "of the database, in the quiet");
    await database.crash();
    await database.recover();
    await authors.at(-1 - round).one();
  }
}
