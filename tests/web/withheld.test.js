// A collection that is too large to be sent: the planner says so where its rows would be, and does not call it empty.

import assert from "node:assert/strict";
import { story } from "./support/story.js";

const move = (n) => ({ name: `Move ${n}`, focus: "Strength", description: "d".repeat(400), video_link: "https://example.com/move" });

story("a withheld collection displays a notice until it is sent again", { settings: ["--collection-bytes", "8192"] }, async (gym) => {
  const window = await gym.open();
  await window.go("/moves");
  await window.sees(window.text("6 moves"));
  const ids = [];
  for (let n = 0; n < 20; n++) ids.push((await gym.witness.request("new_exercise_move", move(n))).data.id);

  await window.sees(window.text("Too many moves to show"));
  await window.sees(window.text("Not shown"));
  await window.sees(window.page.getByRole("status").filter({ hasText: "Not shown: moves" }));
  assert.equal(await window.text("No moves yet").count(), 0);
  // Elsewhere, too, and on a page that opens now.
  await window.link("Coaches").click();
  await window.sees(window.text("5 coaches"));
  await window.page.reload();
  await window.live();
  await window.sees(window.text(/^Not shown: moves/));

  await window.link("Exercise moves").click();
  for (const id of ids) await gym.witness.request("delete_exercise_move", { id });
  await window.sees(window.text("6 moves"));
  await window.misses(window.text(/^Not shown/));
});
