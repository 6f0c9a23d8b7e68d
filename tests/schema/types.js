// The compiler, over the generated types.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { generated } from "./schema.js";

export const here = fileURLToPath(new URL("types/", import.meta.url));

// What the compiler says; nothing, if all is well.
export async function compile(...settings) {
  const compiler = fileURLToPath(new URL("../../node_modules/.bin/tsc", import.meta.url));
  const { stdout } = await promisify(execFile)(compiler, settings, { cwd: here }).catch((failed) => failed);
  return stdout;
}

// The values in the generated file.
export async function compiled(test) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-types-"));
  test.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const said = await compile(fileURLToPath(new URL("schema.ts", generated)), "--ignoreConfig", "--outDir", folder, "--target", "es2022");
  if (said) throw new Error(said);
  return import(pathToFileURL(join(folder, "schema.js")));
}
