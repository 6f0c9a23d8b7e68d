// What the README shows compiles as it stands there.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const execute = promisify(execFile);

// The types of a new project, as its program prints them.
async function typesOfProject() {
  const program = process.env.ROWCAST_CLI ?? here("../../target/debug/rowcast");
  const folder = await mkdtemp(join(tmpdir(), "rowcast-readme-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const rowcast = (...args: string[]) => execute(program, args, { cwd: folder });
  await rowcast("init", ".");
  await rowcast("migrate");
  return (await rowcast("schema", "typescript")).stdout;
}

test("README examples compile", async () => {
  const readme = await readFile(here("../README.md"), "utf8");
  const snippets = [...readme.matchAll(/^```(tsx?)\n(.*?)^```/gms)];
  expect(snippets.length).toBeGreaterThan(6);
  const folder = here("../.readme/");
  await mkdir(`${folder}tasks`, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true }));
  // The first component is of a new project, and the others of the planner.
  const files = snippets.map(([, kind, code], n) => `${code!.includes('"tasks"') ? "tasks/" : ""}snippet-${n}.${kind}`);
  expect(files.filter((file) => file.startsWith("tasks/"))).toHaveLength(1);
  await Promise.all(snippets.map(([, , code], n) => writeFile(folder + files[n], code!)));
  await writeFile(`${folder}schema.ts`, 'export * from "../../api-schema/generated/schema.ts";');
  await writeFile(`${folder}tasks/schema.ts`, await typesOfProject());
  const paths = {
    "@rowcast/client": ["../src/index.ts"],
    "@rowcast/client/*": ["../src/*.ts"],
  };
  const compilerOptions = { module: "esnext", moduleResolution: "bundler", types: [], paths };
  await writeFile(`${folder}tsconfig.json`, JSON.stringify({ extends: "../tsconfig.json", compilerOptions, files, include: [] }));
  const compiler = here("../../node_modules/typescript/bin/tsc");
  const said = await execute(process.execPath, [compiler, "-p", folder]).catch((error) => error);
  expect(said.stdout).toBe("");
});
