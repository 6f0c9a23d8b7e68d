// The planner and the page without it, below a path: they find their parts, their socket and each other's addresses.

import assert from "node:assert/strict";
import { signIn } from "./support/signing.js";
import { story } from "./support/story.js";

const settings = ["--base-path", "/host/gym"];
const address = (window) => new URL(window.page.url()).pathname;

story("the planner opens at each of its addresses below a base path", { settings }, async (gym) => {
  const window = await gym.open();
  for (const place of ["/host/gym/", "/host/gym/coaches/2", "/host/gym/plans/1?x=/a"]) await window.go(place);

  // A relative address would be read anew from each address that the planner goes to.
  const icon = () => window.page.locator("link[rel=icon]").evaluate((link) => new URL(link.href).pathname);
  await window.page.goto("/");
  await window.live();
  assert.equal(address(window), "/host/gym/", "the root leads there");
  await window.link("Coaches").click();
  await window.sees(window.text("5 coaches"));
  assert.equal(address(window), "/host/gym/coaches");
  await window.link("Workout plans").click();
  await window.page.waitForURL("**/plans");
  await window.page.evaluate(() => history.pushState(null, "", "/host/gym/plans/1"));
  assert.equal(await icon(), "/host/gym/icon.svg");
  await window.page.goBack();
  await window.page.reload();
  await window.live();
  assert.equal(await icon(), "/host/gym/icon.svg");
  await window.page.goBack();
  await window.page.goBack();
  assert.equal(address(window), "/host/gym/");
});

story("storage is separate for each base path, and the token is restored", { settings }, async (gym) => {
  const window = await gym.open();
  await window.go("/host/gym/coaches");
  await signIn(window, "mara");
  await window.page.reload();
  await window.live();
  const kept = await window.page.evaluate(async () => [...Object.keys(localStorage), ...(await indexedDB.databases()).map(({ name }) => name)]);
  const ours = kept.filter((name) => /token|rowcast-planner(?!\.theme)/.test(name));
  assert.deepEqual(ours.sort(), ["rowcast rowcast-planner/host/gym/", "rowcast.token/host/gym/"]);
});

story("the built-in page works below a base path", { web: null, settings }, async (gym) => {
  const window = await gym.open();
  await window.page.goto("/host/gym");
  await window.sees(window.text("Connected, live"));
  await window.sees(window.page.getByText(', { path: "/host/gym/socket.io/" }'));
  await window.link("/readyz").click();
  await window.sees(window.text("ready"));
  assert.equal(address(window), "/host/gym/readyz");
});
