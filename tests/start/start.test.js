// What scripts/start does before the server is there.

import assert from "node:assert/strict";
import { once } from "node:events";
import { watch } from "node:fs";
import { readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { plant } from "./tree.js";

const asked = (tree, ...args) => `cargo in ${tree.folder}:\n${["run", "--release", "--", ...args].join("\n")}\n`;
const line = (text) => `scripts/start: ${text}\n`;
const page = (tree) => readFile(join(tree.folder, "web/dist/index.html"), "utf8");
const noNode = "Node.js 20.19 or later is missing, npm included (https://nodejs.org): going on";

test("scripts/start builds the web app, then starts the server with its arguments", async (t) => {
  const tree = await plant(t);
  const { code, out, err } = await tree.run("--bind", "127.0.0.1:0", "two words");
  assert.deepEqual([code, out, err], [0, asked(tree, "--bind", "127.0.0.1:0", "two words"), line("building the web app")]);
  assert.equal(await page(tree), "first");
});

test("scripts/start rebuilds only changed parts", async (t) => {
  const tree = await plant(t);
  const builds = async () => (await tree.run()).err !== "";
  assert.equal(await builds(), true);
  assert.equal(await builds(), false);
  await tree.write("web/page.html", "second");
  assert.deepEqual([await builds(), await page(tree)], [true, "second"]);
  await tree.write("api-schema/generated/schema.ts", "// more");
  assert.deepEqual([await builds(), await builds()], [true, false]);
  await tree.lose("web/other.html");
  assert.deepEqual([await builds(), await builds()], [true, false]);
  // What is built is no reason to build.
  await tree.lose("bin/npm");
  assert.equal(await builds(), false);
});

test("scripts/start continues without the web app if Node.js is missing or too old", async (t) => {
  const tree = await plant(t);
  await tree.lose("bin/node");
  await tree.write("bin/node", "#!/bin/sh\necho v20.18.3\n", 0o755);
  const old = await tree.run();
  assert.deepEqual(old, { code: 0, out: asked(tree), err: line(`${noNode} without the web app`) });
  await tree.lose("bin/node");
  await tree.lose("bin/npm");
  assert.deepEqual(await tree.run(), old);
  await tree.write("web/dist/index.html", "an old one");
  await utimes(join(tree.folder, "web/dist/index.html"), 0, 0);
  assert.equal((await tree.run()).err, line(`${noNode} with the web app as it was`));
});

test("a failed build of the web app is reported in one line that names the log", async (t) => {
  const tree = await plant(t);
  await tree.write("web/page.html", "broken");
  const { code, out, err } = await tree.run();
  assert.deepEqual([code, out], [0, asked(tree)]);
  const [, log] = /the web app does not build, see (\S+): going on without the web app\n$/.exec(err);
  assert.match(await readFile(join(tree.folder, log), "utf8"), /this page is broken/);
  // It is tried again, not taken for built.
  await tree.write("web/page.html", "mended");
  assert.equal((await tree.run()).err, line("building the web app"));
});

test("scripts/start ends with a message without Rust or a C compiler", async (t) => {
  const tree = await plant(t);
  await tree.lose("bin/cc");
  const { code, out, err } = await tree.run();
  assert.deepEqual([code, out, err.split("\n").length], [1, "", 2]);
  assert.match(err, /a C compiler is missing: apt-get install build-essential/);
  await tree.lose("bin/cargo");
  assert.deepEqual(await tree.run(), { code: 1, out: "", err: line("Rust is missing: see https://rustup.rs") });
});

test("Ctrl-C ends the build and all child processes", { timeout: 20_000 }, async (t) => {
  const tree = await plant(t);
  await tree.write("web/page.html", "endless");
  // The build makes this folder first.
  const watcher = watch(join(tree.folder, "web"));
  t.after(() => watcher.close());
  const begun = once(watcher, "change");
  const { interrupt, ended } = tree.start();
  await begun;
  interrupt();
  assert.deepEqual(await ended, { code: 130, out: "", err: line("building the web app") });
});
