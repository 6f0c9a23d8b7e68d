// Honest clients at work, alone and beside hostile ones in turn: how long they wait for acks, whether newcomers get in, and
// how much memory the server takes. In turn, so that whatever else the machine does concerns both alike.
//
// node soak.js; MINUTES in the environment. Prints a line a minute and a verdict, and ends with 1 if it is a bad one.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startServer } from "@rowcast/test-support";
import { Honest, password, usernames } from "./honest.js";

const minutes = Number(process.env.MINUTES || 60);
const minute = 60_000;
// A round is a fifth of it alone and the rest beside hostile clients.
const round = Math.min(5, minutes / 2);

const after = [];
const test = { after: (end) => after.unshift(end) };
async function clear() {
  for (const end of after.splice(0)) await end();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => clear().finally(() => process.exit(1)));

const database = process.env.DATABASE_URL || undefined;
const server = await startServer(test, { database, settings: ["--access", "members"], log: "ignore" });
for (const username of usernames) await server.run(["user", "set-password", username], password);
const honest = await Honest.begin(test, server.url);

const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid()}/status`, "utf8"))[1]) / 1024;

// A phase in slices of a minute at most: what was measured in it.
async function phase(name, time) {
  const slices = [];
  for (let left = time; left > 0; left -= minute) {
    honest.forget();
    await pause(Math.min(left, minute));
    const slice = { ...honest.measured(), memory: memory() };
    slices.push(slice);
    const { acks, p50, p99, newcomers, refused, errors, slowest } = slice;
    const entered = `${errors} errors; ${newcomers} newcomers, the slowest in ${slowest} ms, ${refused} kept out`;
    console.log(`${name}: ${acks} acks, p50 ${p50} ms, p99 ${p99} ms; ${entered}; ${slice.memory.toFixed(0)} MB`);
  }
  return slices;
}

const program = fileURLToPath(new URL("hostile.js", import.meta.url));
const alone = [];
const beside = [];
for (let at = 0; at < Math.round(minutes / round); at += 1) {
  alone.push(...(await phase("alone", (round * minute) / 5)));
  const hostile = spawn(process.execPath, [program, server.url], { stdio: ["pipe", "inherit", "inherit"] });
  test.after(() => hostile.kill());
  beside.push(...(await phase("beside hostile clients", (round * minute * 4) / 5)));
  hostile.kill();
}

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
const p99 = (slices) => median(slices.map((slice) => slice.p99));
const megabytes = beside.map(({ memory }) => memory);
const quarter = Math.max(1, Math.floor(megabytes.length / 4));
// What it takes to be busy at all is taken in the first quarter.
const settled = megabytes.slice(quarter, 2 * quarter);
const grown = median(megabytes.slice(-quarter)) / median(settled.length > 0 ? settled : megabytes);
const all = [...alone, ...beside];
const kept = {
  "p99 beside hostile clients is within twice of alone": p99(beside) <= 2 * p99(alone),
  "memory is flat": grown < 1.1,
  "nobody is kept out": all.every(({ refused }) => refused === 0),
  "no write fails and no writer is disconnected": all.every(({ errors }) => errors === 0),
};
console.log(`p99 ${p99(alone)} ms alone, ${p99(beside)} ms beside them; memory grew by a factor of ${grown.toFixed(2)}`);
for (const [what, is] of Object.entries(kept)) console.log(`${is ? "kept  " : "BROKEN"} ${what}`);
await clear();
process.exit(Object.values(kept).every(Boolean) ? 0 : 1);
