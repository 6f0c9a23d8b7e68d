// The generated types of a database, and the compiler over programs that use them.

import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { run } from "./program.js";

const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));
const strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext"];

// What the compiler says about a file; nothing, if all is well.
export async function compile(file, ...settings) {
  const args = [file, "--ignoreConfig", "--types", "", ...strict, ...settings];
  const { stdout } = await promisify(execFile)(join(packages, ".bin/tsc"), args).catch((failed) => failed);
  return stdout;
}

// Writes `schema.ts` and `schema.js` into the folder, where `@rowcast/client` is installed, and gives the values in them.
export async function generate(folder, url) {
  const { code, out, err } = await run(folder, "schema", "typescript", "--database-url", url);
  if (code !== 0) throw new Error(err);
  await writeFile(join(folder, "schema.ts"), out);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await symlink(packages, join(folder, "node_modules"));
  const said = await compile(join(folder, "schema.ts"), "--outDir", folder);
  if (said) throw new Error(said);
  return (await import(pathToFileURL(join(folder, "schema.js")))).schema;
}
