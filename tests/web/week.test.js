// The week: classes on a board.

import assert from "node:assert/strict";
import { story } from "./support/story.js";
import { phone } from "./support/window.js";

const stands = (wanted) => ({ schedules }) =>
  schedules.some((row) => Object.entries(wanted).every(([field, value]) => String(row[field]?.id ?? row[field]) === String(value)));

story("a class is created on the board, updated and deleted", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await window.sees(window.text("36 classes"));
  await window.button("New class, Sunday 10:00").click();
  const dialog = window.dialog("New class");
  await window.sees(dialog);
  await window.pick("Coach", "Rosa");
  await window.pick("Workout plan", "Strong");
  await window.button("Create class").click();
  await window.misses(dialog);
  await window.sees(window.link("Sunday 10:00, Strong base, Rosa Delgado, Medium"));
  await window.sees(window.text("37 classes"));
  await gym.waitFor("the class", stands({ id: 37, day: "Sunday", hour: "1000", coach: 4, workout_plan: 2 }));

  await window.link("Sunday 10:00, Strong base, Rosa Delgado, Medium").click();
  await window.sees(window.dialog("Edit class"));
  await window.choose("Day", "Saturday");
  await window.role("spinbutton", /^hour/).click();
  await window.page.keyboard.type("1745");
  await window.button("Save changes").click();
  await window.misses(window.dialog("Edit class"));
  await window.sees(window.link("Saturday 17:45, Strong base, Rosa Delgado, Medium"));
  await gym.waitFor("the change", stands({ id: 37, day: "Saturday", hour: "1745", version: 2 }));

  await window.link("Saturday 17:45, Strong base, Rosa Delgado, Medium").click();
  await window.button("Delete").click();
  await window.button("Delete class").click();
  await window.misses(window.link("Saturday 17:45, Strong base, Rosa Delgado, Medium"));
  await window.sees(window.text("36 classes"));
  await gym.waitFor("the rest", ({ schedules }) => schedules.length === 36);
});

story("a dragged class moves to another hour, and Undo moves it back", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await window.link(/^Monday 16:30, First steps/).dragTo(window.role("cell", "New class, Sunday 09:00"));
  await window.sees(window.link(/^Sunday 09:30, First steps/));
  await window.misses(window.link(/^Monday 16:30, First steps/));
  await gym.waitFor("the move", stands({ id: 4, day: "Sunday", hour: "930" }));
  await window.button("Undo").click();
  await window.sees(window.link(/^Monday 16:30, First steps/));
  await gym.waitFor("the way back", stands({ id: 4, day: "Monday", hour: "1630", version: 3 }));
});

story("the week is filtered, and a class has an address", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await window.pick("Filter by coach", "Mara");
  await window.sees(window.text("8 of 36 classes"));
  await window.pick("Filter by plan", "First");
  await window.sees(window.text("3 of 36 classes"));
  await window.page.waitForURL(/\?coach=1&plan=1$/);
  await window.page.reload();
  await window.sees(window.text("3 of 36 classes"));
  await window.button("Clear filter by plan").click();
  await window.sees(window.text("8 of 36 classes"));

  await window.go("/classes/7");
  await window.sees(window.dialog("Edit class"));
  assert.equal(await window.role("combobox", "Coach").inputValue(), "Teo Okafor");
  await window.page.keyboard.press("Escape");
  await window.page.waitForURL(/\/$/);
  await window.go("/classes/404");
  await window.sees(window.dialog("Unknown class").getByText("There is no class 404"));
  await window.button("To the week").click();
  await window.misses(window.dialog("Unknown class"));
});

story("a phone displays one day of the week", {}, async (gym) => {
  const window = await gym.open({ size: phone });
  await window.go("/?day=Sunday");
  await window.sees(window.text("Nothing on Sunday"));
  await window.button("New class on Sunday").click();
  await window.pick("Coach", "Finn");
  await window.pick("Workout plan", "First");
  await window.role("spinbutton", /^hour/).click();
  await window.page.keyboard.type("0815");
  await window.button("Create class").click();
  await window.sees(window.link("Sunday 08:15, First steps, Finn Gallagher, Easy"));
  await gym.waitFor("the class", stands({ id: 37, day: "Sunday", hour: "815", coach: 5 }));
  await window.role("radio", /^Monday/).click();
  await window.sees(window.link(/^Monday 07:00, First steps/));
  assert.equal(await window.link(/^Monday/).count(), 6);
});
