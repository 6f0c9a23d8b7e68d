// The examples over tables: types from the server, the page compiled against them, and the page in a browser.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { axePath, launchBrowser } from "@rowcast/test-support/browser";
import { database } from "@rowcast/test-support/postgres";
import { pollUntil } from "@rowcast/test-support";
import { makeFolder, run, start } from "./program.js";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);
const axe = await readFile(axePath, "utf8");

// A copy of an example, beside the packages that it needs.
async function copy(t, name) {
  const folder = await makeFolder(t);
  await cp(join(root, "examples", name), folder, { recursive: true, filter: (path) => !/node_modules|schema\.ts$|\.js$/.test(path) });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

// Serves the example, builds its page against the types that the server writes, and opens it in two windows.
async function open(t, folder, name, ...on) {
  const server = await start(t, folder, "dev", ...on);
  await pollUntil("the types", () => readFile(join(folder, "src/schema.ts"), "utf8").then(Boolean, () => false));
  const { stdout } = await execute(bin("tsc"), ["--noEmit"], { cwd: folder }).catch((failed) => failed);
  assert.equal(stdout, "");
  const built = ["--bundle", "--jsx=automatic", "--preserve-symlinks", `--outfile=web/${name}.js`];
  await execute(bin("esbuild"), [`src/${name}.tsx`, ...built], { cwd: folder });
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const faults = [];
  const windows = [];
  for (let opened = 0; opened < 2; opened++) {
    const page = await (await browser.newContext()).newPage();
    page.on("pageerror", (fault) => faults.push(fault));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
    await page.goto(server.url);
    await page.getByRole("status").filter({ hasText: "live" }).waitFor();
    windows.push(page);
  }
  const check = async () => {
    for (const page of windows) {
      const { violations } = await page.evaluate(`${axe}; axe.run()`);
      assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]), []);
    }
    assert.deepEqual(faults, []);
  };
  return { windows, check };
}

test("task list is shared by two windows", async (t) => {
  const folder = await copy(t, "tasks");
  const { windows, check } = await open(t, folder, "tasks");
  const [mine, other] = windows;
  await mine.getByLabel("New task").fill("Bake bread");
  await mine.getByRole("button", { name: "Add" }).click();
  await other.getByLabel("Bake bread", { exact: true }).check();
  await mine.getByRole("checkbox", { name: "Bake bread", checked: true }).waitFor();
  await check();
});

test("shop shows orders of tables that another program made", async (t) => {
  const folder = await copy(t, "shop");
  const url = await database();
  const psql = (...args) => execute("psql", ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", ...args, url]);
  await psql(`--file=${join(folder, "shop.sql")}`);
  assert.equal((await run(folder, "attach", url)).code, 0);
  const { windows, check } = await open(t, folder, "shop", "--database-url", url);
  const [mine, other] = windows;
  await mine.getByRole("heading", { name: "1: Birch & Daughters" }).waitFor();
  await mine.getByRole("button", { name: "More Goat cheese" }).click();
  await other.getByLabel("Pieces of Goat cheese").filter({ hasText: "4" }).waitFor();
  await other.getByLabel("Status of 2").selectOption("packed");
  await pollUntil("the status", async () => (await mine.getByLabel("Status of 2").inputValue()) === "packed");
  await mine.getByRole("button", { name: "Order for Oakley Stores" }).click();
  await other.getByRole("heading", { name: "3: Oakley Stores" }).waitFor();
  // The other program goes on: a name that orders show, and a quantity at its bound.
  await psql("--command=update customers set company_name = 'Birch & Sons' where customer_id = 'BIRCH'");
  await psql("--command=update order_lines set quantity = 1 where product_id = 2");
  for (const page of windows) {
    await page.getByRole("heading", { name: "1: Birch & Sons" }).waitFor();
    await page.getByLabel("Pieces of Goat cheese").filter({ hasText: "1" }).waitFor();
  }
  await check();
  await mine.getByRole("button", { name: "Less Goat cheese" }).click();
  await mine.getByRole("alert").filter({ hasText: "Order 1 to 999 pieces" }).waitFor();
});
