// Five thousand coaches: only those in sight are on the page, and what changes in sight is seen.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { retry } from "@rowcast/test-support";
import { story } from "./support/story.js";

const MANY = 5000;
const insert = `
with recursive n(i) as (select 1 union all select i + 1 from n where i < ${MANY})
insert into coaches (name, age, picture) select printf('Coach %04d', i), 18 + i % 60, 'https://example.com/' || i || '.png' from n`;

const name = (n) => `Coach ${String(n).padStart(4, "0")}`;

story(`${MANY} coaches scroll to the last by wheel and by keyboard`, { sample: "never" }, async (gym, t) => {
  await promisify(execFile)("python3", ["-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()", gym.file, insert]);
  await gym.waitFor("all", ({ coaches }) => coaches.length === MANY);
  const took = (what, since) => t.diagnostic(`${what}: ${Math.round(performance.now() - since)} ms`);
  const window = await gym.open();

  let since = performance.now();
  await window.go("/coaches");
  await window.sees(window.row(name(1)));
  took("from the address to the first row", since);
  await window.sees(window.text("5,000 coaches"));
  const rows = window.role("grid", "Coaches").getByRole("row");
  const bounded = async () => assert.ok((await rows.count()) < 60, `${await rows.count()} rows on the page`);
  await bounded();

  since = performance.now();
  await rows.first().hover();
  await retry(async () => {
    await window.page.mouse.wheel(0, 40_000);
    await bounded();
    assert.ok(await window.row(name(MANY)).isVisible());
  }, "the last row");
  took("wheeled to the last row", since);

  // What happens in sight is seen; what happens elsewhere moves nothing.
  since = performance.now();
  const seen = window.sees(window.row(name(MANY)).getByText("Somebody changed this just now"));
  await gym.witness.request("update_coach", { id: MANY, age: 99 });
  await seen;
  took("a change in sight", since);
  await window.sees(window.row(name(MANY)).getByText("99 years"));
  await gym.witness.request("update_coach", { id: 3, age: 98 });
  assert.ok(await window.row(name(MANY)).isVisible());

  await window.row(name(MANY)).focus();
  since = performance.now();
  await window.page.keyboard.press("Home");
  await window.focused(window.row(name(1)));
  await window.sees(window.row(name(3)).getByText("98 years"));
  await window.page.keyboard.press("End");
  await window.focused(window.row(name(MANY)));
  took("Home and End", since);
  await bounded();
  await window.page.keyboard.press("Enter");
  await window.sees(window.heading(name(MANY)));
  await window.holds("Age", "99");

  since = performance.now();
  await window.role("searchbox", "Search coaches").fill("4321");
  await window.sees(window.text("1 coach found"));
  await window.sees(window.row(name(4321)));
  took("searched", since);

  since = performance.now();
  await window.page.reload();
  await window.sees(window.row(name(4321)));
  await window.live();
  took("loaded again, from what was kept", since);
});
