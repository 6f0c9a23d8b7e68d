// The page that the server has in itself, for when no planner has been built: live counts, no trouble.

import assert from "node:assert/strict";
import { audit } from "./support/axe.js";
import { enter } from "./support/signing.js";
import { story } from "./support/story.js";
import { desktop, phone } from "./support/window.js";

const counts = (window) => window.role("table", "").or(window.page.getByRole("table"));
const line = (window, name, rows) => window.sees(counts(window).getByRole("row", { name: new RegExp(`^${name} ${rows} `) }));

story("the landing page counts rows live across a server restart", { web: null }, async (gym) => {
  const window = await gym.open();
  await window.page.goto("/");
  await line(window, "coaches", 5);
  await line(window, "schedules", 36);
  await gym.witness.request("new_coach", { name: "Ada", age: 36, picture: "https://example.com/ada.png" });
  await line(window, "coaches", 6);
  window.unplugged = true;
  await gym.kill();
  await window.sees(window.role("status").getByText("Not connected; trying again").or(window.text("Not connected; trying again")));
  await gym.start();
  await window.sees(window.text("Connected, live"));
  await gym.socket().request("delete_coach", { id: 6 });
  await line(window, "coaches", 5);
});

story("the landing page signs in with access mode members", { web: null, settings: ["--access", "members"] }, async (gym) => {
  const window = await gym.open();
  await window.page.goto("/");
  await window.sees(window.text("Connected; not signed in"));
  const form = window.page.getByRole("main");
  await enter(window, form, "mara", "wrong");
  await window.sees(window.role("alert").filter({ hasText: /\w/ }));
  assert.equal(await window.page.getByRole("table").count(), 0);
  await enter(window, form, "mara", "mara_password");
  await line(window, "coaches", 5);
  await window.sees(window.text(/as Mara Lindqvist/));
});

story("the landing page is accessible in light and dark, on desktop and phone", { web: null }, async (gym) => {
  const found = audit();
  for (const [size, scheme] of [[desktop, "light"], [desktop, "dark"], [phone, "light"], [phone, "dark"]]) {
    const window = await gym.open({ size, scheme });
    await window.page.goto("/");
    await line(window, "coaches", 5);
    await found.check(window, `${scheme} ${size.width}`);
  }
  found.done();
});
