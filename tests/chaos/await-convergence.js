// After the storm: every page comes to show what the database holds, and the servers own up to what they could not do.

import { setTimeout as pause } from "node:timers/promises";
import { openSocket } from "@rowcast/test-support";
import { hash } from "./hash.js";
import { identify } from "./keys.js";
import { ordered } from "./page.js";

// A stock client whose WebSocket is cut while it upgrades has paused its polling, and does not resume it. It notices after
// the interval and the timeout of pings, 45 seconds.
const patience = 50_000;

// Every page as it is, then those on `changes` once more after they have come back; and what each server lists.
export async function awaitConvergence({ test, product, nodes, pages, truth, faultLog }) {
  const expected = hash(ordered(product, truth));
  const agree = async (when, some) => {
    const differ = () => some.filter((page) => !page.whole || page.hash() !== expected);
    for (const end = Date.now() + patience; differ().length > 0 && Date.now() < end; ) await pause(25);
    for (const page of differ()) {
      faultLog.violation(`a page does not show what is there, ${when}`, {
        page: page.name,
        live: page.live,
        connected: page.socket.connected,
        whole: page.whole,
        transport: page.socket.io.engine?.transport.name,
        sid: page.socket.io.engine?.id,
        differs: difference(product, page.copy, truth),
      });
    }
  };
  await agree("once all is calm", pages);
  faultLog.count("pages that agree", pages.filter((page) => page.hash() === expected).length);
  const resuming = pages.filter(({ live }) => live === "changes");
  for (const page of resuming) page.again();
  await agree("after it came back", resuming);

  for (const node of nodes) {
    node.check();
    const listed = await everything(product, openSocket(test, node.url));
    const differs = difference(product, listed, truth);
    if (differs.length > 0) faultLog.violation("a server does not list what is there", { node: node.name, differs });
    // Versions that the server derives are no part of what is there.
    const versions = (copy) => hash(Object.entries(copy).map(([, rows]) => [...rows].map(([id, row]) => [id, row.version]).sort(byId)));
    for (const page of pages) {
      if (versions(page.copy) !== versions(listed)) faultLog.violation("a page has other versions than a server", { page: page.name, node: node.name });
    }
  }
  faultLog.count("rows at the end", Object.keys(product.keys).reduce((sum, collection) => sum + truth[collection].length, 0));
}

// Each `$internal`, and each ack that came before its change was published, must have its cause in a log.
export async function checkServerLogs({ nodes, writeLog, faultLog, steady }) {
  const lines = nodes.flatMap((node) => node.log().split("\n"));
  for (const line of lines) if (/panicked/.test(line)) faultLog.violation("a server panicked", { line });
  for (const write of writeLog.writes) {
    for (const { at, key, error } of write.told) {
      if (steady && key === "$unavailable") faultLog.violation("$unavailable, though the database was there", { at, error, write });
      const [, incident] = /incident (\w+)/.exec(error) ?? [];
      const cause = incident && lines.find((line) => line.includes(incident));
      if (incident) faultLog.violation("$internal", { at, write, cause });
    }
  }
  const late = lines.filter((line) => /acked before it was published|before what it tells of was published/.test(line));
  const early = faultLog.counts["acked before shown"] ?? 0;
  if (early > late.length) faultLog.violation("acks came before what they tell of", { early, owned: late.length });

  for (const node of nodes) {
    await node.measure();
    for (const [what, count] of Object.entries(node.counted())) faultLog.count(what, count);
  }
  faultLog.count("written by other programs", writeLog.foreign.length);
  const refused = writeLog.writes.filter(({ ack }) => ack && !ack.ok).length;
  faultLog.count("writes acked as done", writeLog.writes.length - refused);
  faultLog.count("writes refused", refused);
}

const byId = ([one], [other]) => (one < other ? -1 : 1);

async function everything(product, { request }) {
  const all = {};
  for (const [collection, columns] of Object.entries(product.keys)) {
    all[collection] = new Map();
    for (let after = null, first = true; first || after; first = false) {
      const { data } = await request(`list_${collection}`, { limit: 7, after });
      for (const row of data.rows) all[collection].set(identify(columns, row), row);
      after = data.next;
    }
  }
  return all;
}

function difference(product, copy, truth) {
  const differs = [];
  const text = (collection, row) => hash(product.shown(collection, row));
  for (const [collection, columns] of Object.entries(product.keys)) {
    const there = new Map(truth[collection].map((row) => [identify(columns, row), row]));
    for (const id of new Set([...copy[collection].keys(), ...there.keys()])) {
      const [shown, row] = [copy[collection].get(id), there.get(id)];
      if (!shown || !row || text(collection, shown) !== text(collection, row)) differs.push({ collection, id, shown, row });
    }
  }
  return differs.slice(0, 5);
}
