// What the planner keeps on a device whose browser lets go of it, or will not have it.

import assert from "node:assert/strict";
import { retry } from "@rowcast/test-support";
import { interruptibleRelay } from "./support/relay.js";
import { story } from "./support/story.js";

const picture = "https://example.com/ada.png";
const databases = (page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));

story("writes saved after the database was deleted are sent by the next page", {}, async (gym, t) => {
  const relay = await interruptibleRelay(t, gym.url);
  const window = await gym.open({ url: relay.url });
  await window.go("/coaches");
  const [name] = await databases(window.page);
  // The same origin, and no planner.
  const other = await window.context.newPage();
  await other.goto("/icon.svg");
  await other.evaluate((name) => new Promise((done, fail) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: done, onerror: fail })), name);
  await other.close();

  window.unplugged = true;
  relay.cut();
  await window.status("Reconnecting…");
  await window.button("New coach").click();
  await window.fill({ Name: "Ada Byron", Age: "36", Picture: picture });
  await window.button("Create coach").click();
  await window.sees(window.text("1 waiting"));
  await retry(async () => assert.match(await window.kept(), /Ada Byron.*Mara Lindqvist|Mara Lindqvist.*Ada Byron/), "all of it to be there");
  assert.equal(await window.text("This device keeps nothing").count(), 0);

  relay.cut({ pages: true });
  window.page.on("dialog", (dialog) => dialog.accept());
  await window.page.goto("/coaches");
  await window.sees(window.text("1 waiting"));
  await window.sees(window.row("Mara Lindqvist"));
  relay.mend();
  await window.live();
  await gym.waitFor("Ada once", ({ coaches }) => coaches.filter((coach) => coach.name === "Ada Byron").length === 1);
});

story("a window without storage displays a notice and works", {}, async (gym) => {
  const window = await gym.open();
  await window.context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("not in this window", "SecurityError");
    };
  });
  await window.go("/coaches");
  const notice = window.role("status", "").filter({ hasText: "This device keeps nothing" });
  await window.reads(notice, "SecurityError: not in this window");
  await window.button("New coach").click();
  await window.fill({ Name: "Ada Byron", Age: "36", Picture: picture });
  await window.button("Create coach").click();
  await gym.waitFor("Ada", ({ coaches }) => coaches.some((coach) => coach.name === "Ada Byron"));
});
