// examples/plain: the page that needs nothing but a browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startServer } from "@rowcast/test-support";
import { carried, isSound, show } from "./browser.js";

const html = await readFile(new URL("../../examples/plain/index.html", import.meta.url), "utf8");
const picture = "https://example.com/me.png";

const row = (page, name) => page.getByRole("listitem").filter({ hasText: name });
const rows = (page) => page.locator("li b").allTextContents();
const state = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const says = (page, id, sentence) => page.locator(`#${id}-error`).filter({ hasText: sentence }).waitFor();
const press = (page, name) => page.getByRole("button", { name }).click();

async function type(page, values) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label).fill(value);
}

async function loaded(page) {
  await state(page, "live");
  await row(page, "Mara Lindqvist").filter({ hasText: "8 classes a week" }).waitFor();
}

test("plain page: two windows display creates, updates and deletes of one", async (t) => {
  const server = await startServer(t);
  const open = await show(t, html);
  const [mine, other] = [await open(server), await open(server)];
  await Promise.all([loaded(mine), loaded(other)]);

  await type(mine, { Name: "A", Age: "17", Picture: picture });
  await press(mine, "Save");
  await says(mine, "age", "must be at least 18");
  await says(mine, "name", "must be 2 to 40 characters long");
  assert.equal(await mine.getByLabel("Age").getAttribute("aria-invalid"), "true");
  assert.equal(await mine.getByLabel("Picture").getAttribute("aria-invalid"), "false");
  await isSound(mine, "plain-errors");

  await type(mine, { Name: "<b>Ada</b>", Age: "36" });
  await press(mine, "Save");
  for (const page of [mine, other]) await row(page, "<b>Ada</b>").filter({ hasText: "36 years" }).waitFor();
  assert.equal(await mine.getByLabel("Name").inputValue(), "");

  // Two windows edit one coach: the slower one displays the conflict and keeps its input.
  for (const page of [mine, other]) await press(page, "Edit <b>Ada</b>");
  await type(mine, { Name: "Ada Byron" });
  await press(mine, "Save");
  await row(other, "Ada Byron").waitFor();
  await type(other, { Name: "Ada Lovelace" });
  await press(other, "Save");
  await says(other, "form", "somebody else has changed this meanwhile");
  await press(other, "Save");
  await row(mine, "Ada Lovelace").waitFor();

  await press(mine, "Delete Mara Lindqvist");
  await says(mine, "form", "this coach is still used by 8 schedules");
  await press(mine, "Delete Ada Lovelace");
  for (const page of [mine, other]) await row(page, "Ada Lovelace").waitFor({ state: "detached" });
  assert.equal((await rows(other)).length, 5);
  await isSound(mine, "plain");
  await isSound(other, "plain-other");
});

test("plain page: a write during an outage is carried out, and only missed changes are sent", async (t) => {
  const server = await startServer(t);
  const open = await show(t, html);
  const page = await open(server);
  await loaded(page);
  const collections = ({ received }) => received.filter((frame) => frame.startsWith('42["coaches"'));
  const before = collections(page.frames).length;

  assert.equal(await server.stop(), 0);
  await state(page, "reconnecting");
  await type(page, { Name: "Ada", Age: "36", Picture: picture });
  await press(page, "Save");
  await server.start();
  await row(page, "Ada").waitFor();
  await state(page, "live");
  assert.equal((await rows(page)).length, 6);
  assert.deepEqual(page.faults, []);

  // It came back with its cursor, so no collection was sent whole.
  await carried(page, ({ received }) => received.some((frame) => frame.startsWith('42["changes"')), "changes");
  assert.equal(collections(page.frames).length, before);
});

test("plain page: a repeated write without an ack is carried out once", async (t) => {
  const server = await startServer(t);
  const open = await show(t, html);
  const page = await open(server);
  await loaded(page);
  const writes = ({ sent }) => sent.filter((frame) => frame.includes("new_coach"));
  // `5` ends the change from polling to WebSocket; what comes later can be seen here.
  await carried(page, ({ sent }) => sent.includes("5"), "the WebSocket");

  server.pause();
  await type(page, { Name: "Ada", Age: "36", Picture: picture });
  await press(page, "Save");
  await carried(page, (frames) => writes(frames).length === 2, "the write to be sent again");
  server.resume();
  await row(page, "Ada").waitFor();
  await page.locator("fieldset:enabled").waitFor();
  assert.deepEqual((await rows(page)).slice(5), ["Ada"]);

  const { request } = server.open();
  assert.equal((await request("list_coaches")).data.rows.length, 6);
});
