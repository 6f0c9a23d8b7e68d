// What the server refuses is said beside the field it is about; what was typed stays, and focus goes to the first of
// it.

import assert from "node:assert/strict";
import { story } from "./support/story.js";

// What the server says of a payload, asked by another client.
const refusal = async (gym, event, payload) => {
  const ack = await gym.witness.request(event, payload);
  assert.equal(ack.ok, false);
  return ack.errors;
};

// Each sentence describes its field, and the field is said to be wrong.
async function marked(window, field, sentence) {
  await window.sees(window.role("textbox", field, { description: sentence }).or(window.role("combobox", field, { description: sentence })));
}

const says = (sentence) => new RegExp(sentence.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");

story("an invalid coach displays an error for each field", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/new");
  const typed = { Name: "A", Age: "12", Picture: "not a link", Username: "mara" };
  await window.fill(typed);
  await window.button("Create coach").click();
  const errors = await refusal(gym, "new_coach", { name: "A", age: 12, picture: "not a link", username: "mara" });
  for (const [key, field] of [["name", "Name"], ["age", "Age"], ["picture", "Picture"]]) await marked(window, field, says(errors[key]));
  await window.focused(window.field("Name"));
  for (const [field, value] of Object.entries(typed)) await window.holds(field, value);

  // What is mended loses its message, the rest keeps it.
  await window.field("Name").fill("Ada");
  await window.misses(window.text(says(errors.name)));
  await window.sees(window.text(says(errors.age)));
  await window.fill({ Age: "36", Picture: "https://example.com/ada.png" });
  await window.button("Create coach").click();
  const taken = await refusal(gym, "new_coach", { name: "Ada", age: 36, picture: "https://example.com/ada.png", username: "mara" });
  await marked(window, "Username", says(taken.username));
  await window.focused(window.field("Username"));
  await gym.waitFor("no Ada", ({ coaches }) => coaches.length === 5);

  await window.field("Username").fill("ada");
  await window.button("Create coach").click();
  await window.sees(window.heading("Ada"));
  await gym.waitFor("Ada", ({ coaches }) => coaches.length === 6);
});

story("an invalid number is sent as typed", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches/2");
  await window.field("Age").fill("forty-one");
  await window.button("Save changes").click();
  const errors = await refusal(gym, "update_coach", { id: 2, age: "forty-one" });
  await marked(window, "Age", says(errors.age));
  await window.focused(window.field("Age"));
  await window.holds("Age", "forty-one");
  await gym.waitFor("Teo as he was", ({ coaches }) => coaches[1].age === 41 && coaches[1].version === 1);
});

story("an invalid move displays an error for each field", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/moves/new");
  const typed = { Name: "x".repeat(31), Focus: "y", Description: "short", "Video link": "ftp://example.com" };
  await window.fill(typed);
  await window.button("Create move").click();
  const errors = await refusal(gym, "new_exercise_move", { name: "x".repeat(31), focus: "y", description: "short", video_link: "ftp://example.com" });
  for (const [key, field] of [["name", "Name"], ["focus", "Focus"], ["description", "Description"], ["video_link", "Video link"]]) {
    await marked(window, field, says(errors[key]));
  }
  await window.focused(window.field("Name"));
  for (const [field, value] of Object.entries(typed)) await window.holds(field, value);
  await gym.waitFor("six moves", ({ exercise_moves }) => exercise_moves.length === 6);
});

story("a plan without moves displays an error", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/plans/new");
  await window.fill({ Name: "Nothing", Difficulty: "Easy", Description: "A plan of nothing at all." });
  await window.button("Create workout plan").click();
  const errors = await refusal(gym, "new_workout_plan", { name: "Nothing", difficulty: "Easy", description: "A plan of nothing at all.", exercise_moves: [] });
  await window.sees(window.text(says(errors.exercise_moves)));
  await window.holds("Name", "Nothing");
  await window.focused(window.role("combobox", "Add a move"));
  await gym.waitFor("three plans", ({ workout_plans }) => workout_plans.length === 3);
});

story("an empty class displays an error for each field", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/classes/new");
  await window.button("Create class").click();
  const errors = await refusal(gym, "new_schedule", { day: null, hour: null, coach: { id: null }, workout_plan: { id: null } });
  const dialog = window.dialog("New class");
  for (const sentence of new Set(Object.values(errors))) await window.sees(dialog.getByText(says(sentence)));
  await marked(window, "Coach", says(errors["coach.id"]));
  await marked(window, "Workout plan", says(errors["workout_plan.id"]));
  await window.focused(dialog.getByRole("button", { name: /Day$/ }));
  await gym.waitFor("36 classes", ({ schedules }) => schedules.length === 36);
});
