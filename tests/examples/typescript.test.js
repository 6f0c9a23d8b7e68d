// examples/typescript: a stock client with the server's own types.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "@rowcast/test-support";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const program = "examples/typescript/move_class.ts";
const strict = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--allowImportingTsExtensions", "--types", "node"];

const run = (folder, command, args, env = {}) =>
  new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env } };
    execFile(join(here("../../node_modules/.bin"), command), args, options, (error, out, err) => resolve([error?.code ?? 0, out, err]));
  });

// What a reader has after `npm ci`: the program, the types, and the client where both find it.
async function tree(test) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-typescript-"));
  test.after(() => rm(folder, { recursive: true }));
  for (const path of ["examples/typescript", "api-schema/generated"]) await cp(here(`../../${path}`), join(folder, path), { recursive: true });
  await symlink(here("../../node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

test("TypeScript example moves a class and prints the server's errors", async (t) => {
  const [server, folder] = [await startServer(t), await tree(t)];
  const move = (...args) => run(folder, "tsx", [program, ...args], { ROWCAST_URL: server.url });
  const [code, out, err] = await move("7", "Sunday", "1815");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^.+ with .+: Tuesday 700\nmoved to Sunday 1815\n$/);
  assert.deepEqual(await move("7", "Someday", "2460"), [
    1,
    `${out.split("\n")[0].replace("Tuesday 700", "Sunday 1815")}\n`,
    "day: must be a day from Monday to Sunday\nhour: must be a time from 0 to 2359, like 900 or 1330\n",
  ]);
  assert.equal((await move("99", "Sunday", "1815"))[2], "$not_found: no schedule has id 99\n");
});

test("TypeScript example compiles, and a misspelt event does not", async (t) => {
  const folder = await tree(t);
  assert.deepEqual(await run(folder, "tsc", [...strict, program]), [0, "", ""]);
  const slip = join(folder, "examples/typescript/slip.ts");
  const event = 'import type { ClientToServerEvents } from "../../api-schema/generated/schema.ts";\n';
  await writeFile(slip, `${event}const name: keyof ClientToServerEvents = "update_shedule";\n`);
  const [code, out] = await run(folder, "tsc", [...strict, slip]);
  assert.notEqual(code, 0);
  assert.match(out, /Did you mean '"update_schedule"'/);
});
