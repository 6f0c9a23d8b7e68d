// examples/vue: a page in Vue, with nothing to build.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";
import { isSound, show } from "./browser.js";

const html = await readFile(new URL("../../examples/vue/index.html", import.meta.url), "utf8");

const row = (page, ...texts) => texts.reduce((found, hasText) => found.filter({ hasText }), page.locator("tbody tr"));
const press = (page, name) => page.getByRole("button", { name }).click();

test("Vue page: two windows display the week and its changes", async (t) => {
  const server = await startServer(t);
  const open = await show(t, html);
  const [mine, other] = [await open(server), await open(server)];
  for (const page of [mine, other]) {
    await page.getByRole("status").filter({ hasText: "live" }).waitFor();
    await row(page).nth(35).waitFor();
  }
  assert.deepEqual(await mine.locator("tbody tr:first-child td").allTextContents(), ["Monday", "700", "First steps", "Mara Lindqvist", "Cancel"]);

  await mine.getByLabel("Hour").fill("2460");
  await press(mine, "Add");
  await mine.locator("#hour-error").filter({ hasText: "must be a time from 0 to 2359, like 900 or 1330" }).waitFor();
  assert.deepEqual(await mine.locator("form .error").allTextContents().then((all) => all.filter(Boolean).length), 4);
  await isSound(mine, "vue-errors");

  await mine.getByLabel("Day", { exact: true }).selectOption("Sunday");
  await mine.getByLabel("Hour").fill("2345");
  await mine.getByLabel("Coach").selectOption("Teo Okafor");
  await mine.getByLabel("Plan").selectOption("First steps");
  await press(mine, "Add");
  for (const page of [mine, other]) await row(page, "Sunday", "2345", "Teo Okafor").waitFor();
  assert.equal((await mine.locator("form .error").allTextContents()).join(""), "");

  // What another client does shows too: each row that shows the coach's name.
  const { request } = server.open();
  await request("update_coach", { id: 2, name: "Teo O." });
  for (const page of [mine, other]) await row(page, "Sunday", "2345", "Teo O.").waitFor();

  await press(other, "Cancel Sunday 2345");
  for (const page of [mine, other]) {
    await row(page, "Sunday", "2345").waitFor({ state: "detached" });
    assert.equal(await row(page).count(), 36);
    await isSound(page, "vue");
  }
});
