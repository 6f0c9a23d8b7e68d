// A page of Next.js: built, rendered by its server, hydrated, live; and each process ends.
//
// Its packages are large and its build is slow, so it is no workspace of the root: run `npm ci` at the root and here,
// then `npm test`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "../../node_modules/vite/dist/node/index.js";
import { freePort, startRelay, startServer, withTimeout } from "@rowcast/test-support";
import { launchBrowser } from "@rowcast/test-support/browser";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const next = here("node_modules/next/dist/bin/next");
// A build on a machine that has other things to do.
const BUILD = 300_000;

// The client as npm installs it, and the server's types without them.
async function install() {
  const target = here("node_modules/@rowcast/client");
  await rm(target, { recursive: true, force: true });
  await cp(here("../../client/dist"), `${target}/dist`, { recursive: true });
  await cp(here("../../client/package.json"), `${target}/package.json`);
  const schema = await readFile(here("../../api-schema/generated/schema.ts"), "utf8");
  await writeFile(here("schema.js"), (await transformWithOxc(schema, "schema.ts")).code);
}

// A relay to the server that counts its connections.
async function countingRelay(t, url) {
  const counter = { connections: 0 };
  const relay = await startRelay(t, url, { accept: () => ++counter.connections });
  return Object.assign(counter, { url: relay.url });
}

function run(t, args, env) {
  const child = spawn(process.execPath, [next, ...args], { cwd: here("."), env: { ...process.env, ...env, NEXT_TELEMETRY_DISABLED: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said.text += bytes));
  return { child, said, ended: once(child, "exit") };
}

async function answers(url, said) {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return answer.text();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Next.js does not answer: ${said.text}`);
}

test("a Next.js page is built, rendered, hydrated without a mismatch, and live", { timeout: 2 * BUILD }, async (t) => {
  const way = await countingRelay(t, (await startServer(t, { log: "ignore" })).url);
  const env = { NEXT_PUBLIC_ROWCAST: way.url };
  await install();

  const since = performance.now();
  const build = run(t, ["build"], env);
  const late = setTimeout(() => build.child.kill(), BUILD);
  const [code] = await build.ended;
  clearTimeout(late);
  assert.equal(code, 0, build.said.text);
  t.diagnostic(`built in ${Math.round((performance.now() - since) / 1000)} s`);

  const port = await freePort();
  const server = run(t, ["start", "--hostname", "127.0.0.1", "--port", `${port}`], env);
  const html = await answers(`http://127.0.0.1:${port}/`, server.said);
  assert.match(html, /One moment…/);
  assert.match(html, /<p id="state">connecting<\/p>/);
  assert.equal(way.connections, 0, "neither the build nor the server connects");

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const context = await browser.newContext();
  // Twice, because the second time there is a picture before the page is hydrated.
  for (const age of [35, 36]) {
    const page = await context.newPage();
    const said = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.stack));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.getByText("live", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Mara Lindqvist/ }).click();
    await page.getByRole("button", { name: `Mara Lindqvist, ${age}` }).waitFor();
    assert.deepEqual(said, []);
    await page.close();
  }

  server.child.kill("SIGTERM");
  const [status, signal] = await withTimeout(server.ended, "Next.js to end");
  assert.ok([0, 143].includes(status) || signal === "SIGTERM", `it ended with ${status ?? signal}`);
});
