// One run: puts everything together, lets it rage, waits for calm, and has it judged.

import { setTimeout as pause } from "node:timers/promises";
import { confess, settle } from "./calm.js";
import { Clocks } from "./clocks.js";
import { postgres, sqlite, table } from "./database.js";
import { Faults, chosen } from "./faults.js";
import { Foreign } from "./foreign.js";
import { judge } from "./judge.js";
import { Ledger } from "./ledger.js";
import { start } from "./nodes.js";
import { Page } from "./page.js";
import { pooled } from "./pooler.js";
import * as quiet from "./quiet.js";
import { Random } from "./random.js";
import { Relay } from "./relay.js";
import { Subscription } from "./subscription.js";
import { Writer } from "./writer.js";

export const settings = {
  sqlite: { nodes: 1, database: (_, folder) => sqlite(folder) },
  postgres: { nodes: 1, database: postgres },
  nodes: { nodes: 2, database: postgres },
  pooler: { nodes: 1, database: pooled },
};
// What is played if nothing is named.
export const usual = ["sqlite", "postgres", "nodes"];

// Long-polling needs one server, or a way to it that knows sessions; the first does not.
const ways = [["websocket"], ["websocket"], ["polling", "websocket"], ["polling"]];
const writers = 8;
const readers = 6;

export async function play(test, { name, folder, journal, seed, writes, seconds, faults: asked, held }) {
  const { nodes: count, database: begin } = settings[name];
  const random = (who) => new Random(seed, `${name}/${who}`);
  const database = await begin(test, folder);
  const faults = chosen(asked, database);
  const clocks = new Clocks(folder);
  const nodes = [];
  for (let at = 0; at < count; at += 1) {
    // One of them soon forgets what its clients have missed.
    const more = at === 1 ? ["--change-log-rows", "30"] : [];
    const name = `node-${at}`;
    const env = faults.includes("clock") ? clocks.env(name) : {};
    nodes.push(await start(test, { name, folder, database, settings: more, env, held }));
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

  const foreign = new Foreign({ database, ledger, journal });
  await foreign.begin();
  const subscription = new Subscription({ database, journal });
  if (faults.includes("subscription")) await subscription.begin();
  const storm = new Faults({ faults, nodes, database, pages: reading, journal, random, foreign, subscription, clocks, seconds: held });
  const measuring = setInterval(() => nodes.forEach((node) => node.up && node.measure()), 1000);
  test.after(() => clearInterval(measuring));
  let left = writes;
  const writing = Promise.all(authors.map((author) => author.write(() => left-- > 0)));
  const raged = await Promise.race([writing, pause(seconds * 1000, "late", { ref: false })]);
  relay.calm = true;
  await storm.calm();
  if (raged === "late") {
    journal.broken(`not all writes were acked within ${seconds} s`);
    return ledger.unanswered.forEach((write) => journal.broken("not acked", { at: write.sent, write }));
  }

  if (faults.includes("crash")) await quiet.crash({ authors, database, journal });
  if (faults.includes("restore")) await quiet.restore({ authors, database, ledger, foreign, pages, journal, random });
  if (faults.includes("subscription")) await subscription.arrived();
  ledger.foreign = await foreign.done();
  const truth = await table(database);
  await settle({ test, nodes, pages, truth, journal });
  const published = faults.includes("subscription") ? await subscription.published() : [];
  judge({ ledger, truth, pages, published, journal });
  // Nothing has kept the database from answering, nor a row from being written.
  const steady = database.kind === "postgres" && !faults.some((fault) => ["crash", "hold", "load", "kill", "freeze"].includes(fault));
  await confess({ nodes, ledger, journal, steady });
}
