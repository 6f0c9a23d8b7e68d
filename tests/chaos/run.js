// One run: puts everything together, lets it rage, waits for calm, and has it judged.

import { setTimeout as pause } from "node:timers/promises";
import { awaitConvergence, checkServerLogs } from "./await-convergence.js";
import { Clocks } from "./clocks.js";
import { Faults, chosen } from "./faults.js";
import { Foreign } from "./foreign.js";
import { verify } from "./verify.js";
import { WriteLog } from "./write-log.js";
import { start } from "./nodes.js";
import { Page } from "./page.js";
import * as quiet from "./quiet.js";
import { Random } from "./random.js";
import { startFaultyRelay } from "./relay.js";
import { settings } from "./settings.js";
import { Subscription } from "./subscription.js";
import { Writer } from "./writer.js";

// Long-polling needs one server, or a way to it that knows sessions; the first does not.
const ways = [["websocket"], ["websocket"], ["polling", "websocket"], ["polling"]];
const writers = 8;
const readers = 6;

export async function run(test, { name, folder, faultLog, seed, writes, seconds, faults: asked, held }) {
  const { product, nodes: count, database: begin } = settings[name];
  const random = (who) => new Random(seed, `${name}/${who}`);
  const database = await begin(test, folder);
  const faults = chosen(asked, database, product);
  const server = await product.prepare(database, folder);
  const clocks = new Clocks(folder);
  test.after(() => clocks.close());
  const nodes = [];
  for (let at = 0; at < count; at += 1) {
    // One of them soon forgets what its clients have missed.
    const more = [...server.settings, ...(at === 1 ? ["--change-log-rows", "30"] : [])];
    const name = `node-${at}`;
    const env = faults.includes("clock") ? clocks.env(name) : {};
    nodes.push(await start(test, { ...server, name, folder, database, settings: more, env, held }));
  }
  const relay = await startFaultyRelay(test, { nodes, faultLog, random });
  const { url } = relay;

  const open = (kind, at, live, extra) => {
    const transports = ways[count > 1 ? 0 : at % ways.length];
    const page = new Page({ product, url, name: `${kind}${at}`, live, faultLog, options: { transports, ...extra } });
    test.after(() => page.socket.disconnect());
    return page;
  };
  const writeLog = new WriteLog(product, faultLog);
  const reading = Array.from({ length: readers }, (_, at) => open("r", at, at % 2 ? "snapshots" : "changes"));
  const pages = [...reading];
  const authors = Array.from({ length: writers }, (_, at) => {
    const chance = random(`w${at}`);
    const stock = { retries: chance.between(20, 50), ackTimeout: chance.between(1000, 2000) };
    const page = open("w", at, at % 4 === 0 ? "snapshots" : "changes", stock);
    pages.push(page);
    return new Writer({ product, page, writeLog, faultLog, random: chance });
  });

  const foreign = new Foreign({ product, database, writeLog, faultLog });
  await foreign.begin();
  const subscription = new Subscription({ database, faultLog });
  if (faults.includes("subscription")) await subscription.begin();
  const storm = new Faults({ faults, nodes, database, pages: reading, faultLog, random, foreign, subscription, clocks, seconds: held });
  const measuring = setInterval(() => nodes.forEach((node) => node.up && node.measure()), 1000);
  test.after(() => clearInterval(measuring));
  let left = writes;
  const writing = Promise.all(authors.map((author) => author.write(() => left-- > 0)));
  const raged = await Promise.race([writing, pause(seconds * 1000, "late", { ref: false })]);
  relay.calm = true;
  await storm.calm();
  if (raged === "late") {
    faultLog.violation(`not all writes were acked within ${seconds} s`);
    return writeLog.unanswered.forEach((write) => faultLog.violation("not acked", { at: write.sent, write }));
  }

  if (faults.includes("crash")) await quiet.crash({ authors, database, faultLog });
  if (faults.includes("restore")) await quiet.restore({ authors, database, writeLog, foreign, pages, faultLog, random });
  if (faults.includes("subscription")) await subscription.arrived();
  writeLog.foreign = await foreign.done();
  const truth = await product.read(database);
  await awaitConvergence({ test, product, nodes, pages, truth, faultLog });
  const published = faults.includes("subscription") ? await subscription.published() : [];
  await verify({ product, database, writeLog, truth, pages, published, faultLog });
  // Nothing has kept the database from answering, nor a row from being written.
  const steady = database.kind === "postgres" && !faults.some((fault) => ["crash", "hold", "load", "kill", "freeze"].includes(fault));
  await checkServerLogs({ nodes, writeLog, faultLog, steady });
}
