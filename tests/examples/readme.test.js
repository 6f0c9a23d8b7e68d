// The page in the README does what the README says.

import { readFile } from "node:fs/promises";
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";
import { show } from "./browser.js";

const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");

test("README page lists the coaches and adds one in both windows", async (t) => {
  const [, html] = /```html\n([^]*?)```/.exec(readme);
  assert.ok(html.includes('io("http://localhost:5555")'));
  const server = await startServer(t);
  // With nothing changed but the address; that port may be taken.
  const open = await show(t, html.replace("http://localhost:5555", server.url));
  const [mine, other] = [await open(server), await open(server)];
  const has = (page, text) => page.locator("#coaches").filter({ hasText: text }).waitFor();
  await Promise.all([mine, other].map((page) => has(page, "Mara Lindqvist, 34")));

  await mine.getByPlaceholder("Name").fill("Ada");
  await mine.getByPlaceholder("Age").fill("17");
  await mine.getByRole("button", { name: "Add" }).click();
  await mine.locator("#errors").filter({ hasText: '"age": "must be at least 18"' }).waitFor();

  await mine.getByPlaceholder("Age").fill("36");
  await mine.getByRole("button", { name: "Add" }).click();
  for (const page of [mine, other]) {
    await has(page, "Ada, 36");
    assert.equal((await page.locator("#coaches").innerText()).split("\n").length, 6);
    assert.deepEqual(page.faults, []);
  }
});
