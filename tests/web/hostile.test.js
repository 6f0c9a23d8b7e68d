// Rows with markup, quotes, right-to-left text, emoji and script URLs are displayed as text.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { story } from "./support/story.js";

const markup = `<img src=x onerror="alert(1)">`;
const breaking = `"><script>alert(2)</script>`;
const hebrew = "שָׁלוֹם עולם";
const arabic = "مرحبا بالعالم";
// The server refuses it; another program may have written it.
const turning = "Ada \u202elive\u202c";
const family = "👩‍👩‍👧‍👦 Ada 🏋️‍♀️";

const made = async (gym, event, payload) => {
  const ack = await gym.witness.request(event, payload);
  assert.ok(ack.ok, JSON.stringify(ack.errors));
  return ack.data;
};

story("markup in rows is displayed as text and runs no script", {}, async (gym) => {
  const window = await gym.open();
  const dialogs = [];
  window.page.on("dialog", (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
  const picture = `https://example.com/a.png?"onerror="alert(3)`;
  const coaches = [];
  for (const name of [markup, breaking, hebrew, arabic, family, "{{7*7}} ${7*7} %s"]) {
    coaches.push(await made(gym, "new_coach", { name, age: 30, picture }));
  }
  const refused = await gym.witness.request("new_coach", { name: turning, age: 30, picture });
  assert.deepEqual(Object.keys(refused.errors), ["name"]);
  const { id } = await made(gym, "new_coach", { name: "Ada", age: 30, picture });
  await promisify(execFile)("python3", ["-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('update coaches set name = ? where id = ?', sys.argv[2:]); d.commit()", gym.file, turning, `${id}`]);
  coaches.push({ id, name: turning });
  const squat = await made(gym, "new_exercise_move", { name: "<b>Bold</b>", focus: "<i>Core</i>", description: `${breaking} and on`, video_link: "https://example.com/'><svg/onload=alert(4)>" });
  const plan = await made(gym, "new_workout_plan", { name: "<u>Plan</u> & 'quotes'", difficulty: "<s>x</s>", description: markup.repeat(3), exercise_moves: [{ id: squat.id }] });
  const lesson = await made(gym, "new_schedule", { day: "Sunday", hour: "900", coach: { id: coaches[0].id }, workout_plan: { id: plan.id } });

  for (const { id, name } of coaches) {
    await window.go(`/coaches/${id}`);
    await window.sees(window.role("heading", name.trim()).or(window.page.getByRole("heading").filter({ hasText: name })));
    await window.holds("Name", name);
    await window.sees(window.page.getByRole("row").filter({ hasText: name }));
  }
  await window.go(`/moves/${squat.id}`);
  await window.sees(window.heading("<b>Bold</b>"));
  await window.holds("Description", squat.description);
  await window.go(`/plans/${plan.id}`);
  await window.sees(window.heading("<u>Plan</u> & 'quotes'"));
  await window.go(`/classes/${lesson.id}`);
  await window.sees(window.dialog("Edit class"));
  await window.page.keyboard.press("Escape");
  await window.sees(window.link(`Sunday 09:00, ${plan.name}, ${markup}, <s>x</s>`));
  // Nothing of it became an element.
  assert.equal(await window.page.evaluate(() => document.querySelectorAll("img[src=x], [onerror], [onload], b b, main i i, main u, main s, main script").length), 0);
  assert.deepEqual(dialogs, []);
});

story("a script URL in a row becomes neither link nor image", {}, async (gym) => {
  const window = await gym.open();
  const refused = await gym.witness.request("new_exercise_move", { name: "Code", focus: "Core", description: "An address that is code.", video_link: "javascript:alert(1)" });
  assert.ok(refused.errors.video_link);
  await window.go("/moves/1");
  await window.field("Video link").fill("javascript:alert(1)");
  await window.button("Save changes").click();
  await window.sees(window.role("textbox", "Video link", { description: refused.errors.video_link }).or(window.text(refused.errors.video_link)));
  for (const path of ["/", "/coaches", "/plans", "/moves/1"]) {
    if (path !== "/moves/1") await window.page.goto(path);
    await window.live();
    assert.equal(await window.page.evaluate(() => document.querySelectorAll("[href^='javascript:' i], [src^='javascript:' i]").length), 0);
  }
});

story("markup in the planner's address is displayed as text", {}, async (gym) => {
  const window = await gym.open();
  await window.go(`/coaches?q=${encodeURIComponent(markup)}`);
  await window.sees(window.text(`No coach matches “${markup}”.`));
  await window.go(`/coaches/${encodeURIComponent(breaking)}`);
  await window.sees(window.text(/There is no coach/));
  assert.equal(await window.page.evaluate(() => document.querySelectorAll("img[src=x], main script").length), 0);
});
