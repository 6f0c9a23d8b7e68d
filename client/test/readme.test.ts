// What the README shows compiles as it stands there.

import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test("README examples compile", async () => {
  const readme = await readFile(here("../README.md"), "utf8");
  const snippets = [...readme.matchAll(/^```(tsx?)\n(.*?)^```/gms)];
  expect(snippets.length).toBeGreaterThan(6);
  const folder = here("../.readme/");
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = snippets.map(([, kind], n) => `snippet-${n}.${kind}`);
  await Promise.all(snippets.map(([, , code], n) => writeFile(folder + files[n], code!)));
  await writeFile(`${folder}schema.ts`, 'export * from "../../api-schema/generated/schema.ts";');
  const paths = {
    "@rowcast/client": ["../src/index.ts"],
    "@rowcast/client/*": ["../src/*.ts"],
  };
  const compilerOptions = { module: "esnext", moduleResolution: "bundler", types: [], paths };
  await writeFile(`${folder}tsconfig.json`, JSON.stringify({ extends: "../tsconfig.json", compilerOptions, files, include: [] }));
  const compiler = here("../../node_modules/typescript/bin/tsc");
  const said = await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error) => error);
  expect(said.stdout).toBe("");
});
