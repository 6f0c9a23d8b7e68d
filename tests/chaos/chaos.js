// Writers, readers, and everything that can go wrong under them; then it calms down, and every promise is looked after:
// what was acked is there exactly once, what was refused is not, and every page shows what the database holds.
//
// node chaos.js [sqlite] [postgres] [nodes] [pooler] [tables-sqlite] [tables-postgres] [tables-nodes] [tables-pooler]; SEED, WRITES, TIMEOUT, FAULTS and HELD in the environment.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { known } from "./faults.js";
import { FaultLog } from "./fault-log.js";
import { run } from "./run.js";
import { settings, usual } from "./settings.js";

const number = (name, otherwise) => Number(process.env[name] || otherwise);
const seed = number("SEED", Date.now() % 1_000_000);
const held = number("HELD", 2);
const writesOf = (name) => number("WRITES", settings[name].writes);
const secondsOf = (name) => number("TIMEOUT", 120 + writesOf(name) / 4);
const faults = process.env.FAULTS ? process.env.FAULTS.split(",") : undefined;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in settings));
unknown.push(...(faults ?? []).filter((name) => !known.includes(name)));
if (unknown.length > 0 || ![seed, held, number("WRITES", 0), number("TIMEOUT", 0)].every(Number.isFinite)) {
  console.error(`usage: [SEED=n] [WRITES=n] [TIMEOUT=n] node chaos.js [${Object.keys(settings).join("] [")}]`);
  console.error(`FAULTS is some of these, with commas between them: ${known.join(", ")}`);
  process.exit(2);
}

// What a run has started ends with it, however it ends.
const after = [];
const test = { after: (end) => after.unshift(end) };
async function clear() {
  for (const end of after.splice(0)) await end();
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => clear().finally(() => process.exit(1)));
}

for (const name of asked.length > 0 ? asked : usual) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-chaos-"));
  const faultLog = new FaultLog();
  try {
    await run(test, { name, folder, faultLog, seed, writes: writesOf(name), seconds: secondsOf(name), faults, held });
  } catch (error) {
    faultLog.violation(error.stack);
  }
  await clear();
  const counts = Object.entries(faultLog.counts).sort().map(([what, count]) => `${what} ${count}`);
  console.log(`${name}: ${faultLog.isViolated ? "BROKEN" : "kept"}, seed ${seed}, ${(faultLog.now() / 1000).toFixed(1)} s`);
  console.log(`    ${counts.join(", ")}`);
  if (faultLog.isViolated) {
    process.exitCode = 1;
    await writeFile(join(folder, "faults.log"), faultLog.history());
    await writeFile(join(folder, "report.log"), faultLog.report().join("\n"));
    console.log(faultLog.report().join("\n"));
    console.log(`the servers' logs and all faults are in ${folder}`);
  } else {
    await rm(folder, { recursive: true });
  }
}
// A client that is still trying must not hold us back.
process.exit();
