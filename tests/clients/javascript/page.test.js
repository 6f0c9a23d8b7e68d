// The page that is there without a build, in a real browser.
//
// Skipped where there is no Chromium: install Debian's package `chromium-headless-shell`, or name one in CHROMIUM.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TIMEOUT, startServer } from "@rowcast/test-support";
import { axePath, chromiumPath, launchBrowser } from "@rowcast/test-support/browser";

const skip = chromiumPath ? false : "no Chromium: apt-get install chromium-headless-shell, or set CHROMIUM";

async function visit(t, url, options) {
  const chrome = await launchBrowser();
  t.after(() => chrome.close());
  const page = await chrome.newPage(options);
  page.setDefaultTimeout(TIMEOUT);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url);
  return { page, errors };
}

const rows = (page, name) => page.locator("#counts tr", { has: page.getByRole("rowheader", { name }) }).locator("td").first();
const shows = (page, name, count) => rows(page, name).filter({ hasText: new RegExp(`^${count}$`) }).waitFor();

async function isAccessible(page) {
  await page.addScriptTag({ path: axePath });
  const violations = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
  assert.deepEqual(violations, []);
}

for (const colorScheme of ["light", "dark"]) {
  test(`the built-in page counts rows live, in ${colorScheme}`, { skip }, async (t) => {
    const server = await startServer(t);
    const { page, errors } = await visit(t, server.url, { colorScheme, bypassCSP: false });
    await shows(page, "coaches", 5);
    await shows(page, "workout plans", 3);
    await page.getByRole("status").filter({ hasText: "Connected, live" }).waitFor();
    const { request } = server.open();
    const { data } = await request("new_coach", { name: "Ada", age: 36, picture: "https://example.com/ada.png" });
    await shows(page, "coaches", 6);
    await request("delete_coach", { id: data.id });
    await shows(page, "coaches", 5);
    assert.match(await page.locator("#snippet").innerText(), new RegExp(server.url));

    await server.stop();
    await page.getByRole("status").filter({ hasText: "Not connected" }).waitFor();
    await server.start();
    await page.getByRole("status").filter({ hasText: "Connected, live" }).waitFor();
    // Nothing was refused by the page's own policy, and nothing came from elsewhere.
    assert.deepEqual(errors.filter((error) => !/WebSocket connection/.test(error)), []);
  });

  test(`the built-in page is accessible, in ${colorScheme}`, { skip }, async (t) => {
    const server = await startServer(t);
    const { page } = await visit(t, server.url, { colorScheme, bypassCSP: true });
    await shows(page, "coaches", 5);
    await isAccessible(page);
  });
}

test("the built-in page signs in by keyboard with access mode members", { skip }, async (t) => {
  const server = await startServer(t, { settings: ["--access", "members"] });
  const { page } = await visit(t, server.url, { bypassCSP: true });
  await page.getByLabel("Username").waitFor();
  assert.equal(await page.locator("#counts tbody tr").count(), 0);
  await isAccessible(page);
  await page.keyboard.press("Tab");
  await page.keyboard.type("mara");
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "is wrong" }).waitFor();
  await page.getByLabel("Password").fill("mara_password");
  await page.keyboard.press("Enter");
  await shows(page, "schedules", 36);
  await page.getByRole("status").filter({ hasText: "Mara Lindqvist" }).waitFor();
});
