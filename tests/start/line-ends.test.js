// A clone as Git for Windows makes it, which turns line ends into CR LF where nothing forbids it: no shell would run
// the scripts.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

test("a clone made on Windows has the same bytes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-clone-"));
  t.after(() => rm(folder, { recursive: true }));
  const [here, there] = [join(folder, "here"), join(folder, "there")];
  const scripts = (await readdir(join(root, "scripts"))).map((name) => `scripts/${name}`);
  const files = [...scripts, "Dockerfile", "docs/protocol.md", "docs/planner-api.md", "api-schema/generated/schema.ts", "rowcast/src/http/page/rowcast.js"];
  for (const file of [...files, ".gitattributes"]) {
    await mkdir(dirname(join(here, file)), { recursive: true });
    await copyFile(join(root, file), join(here, file));
  }
  // Binary files that look like text, and a text saved on Windows.
  const corpus = "socketio/fuzz/corpus/args/crlf";
  await mkdir(dirname(join(here, corpus)), { recursive: true });
  await writeFile(join(here, corpus), "4\r\n2\n");
  await writeFile(join(here, "windows.txt"), "one\r\ntwo\r\n");

  const git = (...args) => run("git", ["-c", "core.autocrlf=true", "-c", "core.safecrlf=false", ...args], { cwd: here });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message=all");
  await git("clone", "--quiet", "--config", "core.autocrlf=true", here, there);
  for (const file of [...files, corpus]) {
    assert.deepEqual(await readFile(join(there, file)), await readFile(join(here, file)), file);
  }
  assert.equal(await readFile(join(there, "windows.txt"), "utf8"), "one\ntwo\n");
});
