// Everything without a mouse: nothing in this file points or clicks.

import assert from "node:assert/strict";
import { retry } from "@rowcast/test-support";
import { story } from "./support/story.js";

// Presses Tab until the element has focus; gives up after a few rounds of the page.
async function tabTo(window, locator, key = "Tab") {
  await window.sees(locator);
  for (let step = 0; step < 120; step += 1) {
    // What a list that opened over the page hides is not there for now.
    const [here] = await locator.evaluateAll((elements) => elements.map((element) => element.contains(document.activeElement)));
    if (here) return;
    await window.page.keyboard.press(key);
  }
  throw new Error(`${locator} is not to be reached by ${key}`);
}

const keys = async (window, ...names) => {
  for (const name of names) await window.page.keyboard.press(name);
};

story("the first tab stop skips the navigation", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await keys(window, "Tab");
  await window.focused(window.link("Skip to content"));
  await keys(window, "Enter");
  await window.focused(window.role("main"));
  await keys(window, "Tab");
  await window.focused(window.button("New coach"));
});

story("a coach is created and deleted by keyboard", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await tabTo(window, window.button("New coach"));
  await keys(window, "Enter");
  await window.focused(window.field("Name"));
  for (const [name, value] of [["Name", "Ada Byron"], ["Age", "36"], ["Picture", "example.com/ada.png"], ["Username", "ada"]]) {
    await tabTo(window, window.field(name));
    if (name === "Picture") await keys(window, "End");
    await window.page.keyboard.type(value);
  }
  await keys(window, "Enter");
  await window.sees(window.heading("Ada Byron"));
  await gym.waitFor("Ada", ({ coaches }) => coaches[5]?.picture === "https://example.com/ada.png");

  await tabTo(window, window.button("Delete"));
  await keys(window, "Enter");
  // The harmless answer comes first, and Escape is that as well.
  await window.focused(window.button("Keep it"));
  await keys(window, "Escape");
  await window.focused(window.button("Delete"));
  await keys(window, "Enter");
  await window.focused(window.button("Keep it"));
  await tabTo(window, window.button("Delete coach"));
  await keys(window, "Enter");
  await window.misses(window.row("Ada Byron"));
  await gym.waitFor("five coaches", ({ coaches }) => coaches.length === 5);
  await retry(async () => assert.notEqual(await window.page.evaluate(() => document.activeElement.tagName), "BODY"), "focus somewhere");
});

story("keyboard navigation opens a row and returns focus to it", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/coaches");
  await tabTo(window, window.role("grid", "Coaches"));
  await window.focused(window.row("Finn Gallagher"));
  await keys(window, "ArrowDown", "ArrowDown", "Enter");
  await window.sees(window.heading("Rosa Delgado"));
  await tabTo(window, window.button("Close Rosa Delgado"));
  await keys(window, "Enter");
  await window.focused(window.row("Rosa Delgado"));
});

story("a class is created by keyboard, and focus returns to its cell", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await tabTo(window, window.button("New class on Sunday"));
  await keys(window, "Enter");
  await window.sees(window.dialog("New class"));
  await keys(window, "Escape");
  await window.misses(window.dialog("New class"));
  await window.focused(window.button("New class on Sunday"));
  await keys(window, "Enter");
  await tabTo(window, window.role("spinbutton", /^hour/));
  await window.page.keyboard.type("0715");
  await tabTo(window, window.role("combobox", "Coach"));
  await window.page.keyboard.type("Yuki");
  await window.sees(window.role("option", /^Yuki/));
  // The only one by that name.
  await keys(window, "Enter");
  await tabTo(window, window.role("combobox", "Workout plan"));
  await window.page.keyboard.type("o");
  await window.sees(window.role("option", /^Out/));
  // More than one: what was typed stays.
  await keys(window, "Enter");
  await window.page.keyboard.type("ut of breath");
  await window.sees(window.role("option", /^Out/));
  await keys(window, "Tab");
  await tabTo(window, window.button("Create class"));
  await keys(window, "Enter");
  await window.misses(window.dialog("New class"));
  await window.sees(window.link(/^Sunday 07:15, Out of breath, Yuki Tanabe/));
  await gym.waitFor("the class", ({ schedules }) => schedules[36]?.hour === "715" && schedules[36].day === "Sunday");
  await window.focused(window.button("New class on Sunday"));
});

story("a class is moved on the board: with Alt and an arrow, and by its handle", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await tabTo(window, window.link(/^Monday 07:00/));
  await keys(window, "Alt+ArrowDown");
  await window.focused(window.link(/^Monday 08:00, First steps/));
  await keys(window, "Alt+ArrowRight");
  await window.focused(window.link(/^Tuesday 08:00, First steps/));
  await gym.waitFor("two moves", ({ schedules: [first] }) => first.day === "Tuesday" && first.hour === "800");

  await tabTo(window, window.button(/^Move Tuesday 08:00/));
  await keys(window, "Enter");
  await tabTo(window, window.button("Move to Sunday 06:00"));
  await keys(window, "Enter");
  await window.sees(window.link(/^Sunday 06:00, First steps/));
  await gym.waitFor("the third", ({ schedules: [first] }) => first.day === "Sunday" && first.hour === "600");
  // Escape leaves all as it was.
  await tabTo(window, window.button(/^Move Sunday 06:00/));
  await keys(window, "Enter");
  await window.sees(window.button("Move to Sunday 09:00"));
  await keys(window, "Escape");
  await window.sees(window.button("New class, Sunday 09:00"));
  await gym.waitFor("the same", ({ schedules: [first] }) => first.day === "Sunday" && first.version === 4);
});

story("moves of a plan are reordered by keyboard", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/plans/2");
  const moves = window.role("grid", "Moves");
  const names = () => window.names(moves.getByRole("row"));
  await tabTo(window, moves.getByRole("row").first());
  await window.focused(moves.getByRole("row").first());
  // Along the row to its handle.
  await keys(window, "ArrowRight");
  await window.focused(moves.getByRole("button", { name: "Reorder Goblet squat" }).first());
  await keys(window, "Enter", "ArrowDown", "ArrowDown", "Enter");
  await retry(async () => assert.notDeepEqual((await names())[0], "Goblet squat"), "another first move");
  const order = await names();
  assert.deepEqual(order.toSorted(), ["Bent-over row", "Box step-up", "Dead bug", "Goblet squat", "Goblet squat"]);
  await tabTo(window, window.button("Save changes"));
  await keys(window, "Enter");
  await window.sees(window.message("Saved the workout plan"));
  await gym.waitFor("the order", ({ workout_plans: [, plan] }) => plan.exercise_moves.map(({ name }) => name).join() === order.join());
});

story("leaving a page with unsaved changes asks for confirmation", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/moves/1");
  await tabTo(window, window.field("Focus"));
  await keys(window, "End");
  await window.page.keyboard.type(" and back");
  await tabTo(window, window.link("Coaches"), "Shift+Tab");
  await keys(window, "Enter");
  await window.sees(window.question("Leave without saving?"));
  await window.focused(window.button("Keep editing"));
  await keys(window, "Enter");
  await window.misses(window.question("Leave without saving?"));
  await window.holds("Focus", "Legs and back");
  await tabTo(window, window.link("Coaches"), "Shift+Tab");
  await keys(window, "Enter");
  await tabTo(window, window.button("Discard changes"));
  await keys(window, "Enter");
  await window.sees(window.heading("Coaches"));
  await gym.waitFor("the move as it was", ({ exercise_moves: [move] }) => move.focus === "Legs" && move.version === 1);
});

story("the account menu is operated by keyboard", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/");
  await tabTo(window, window.button("Account: not signed in"));
  await keys(window, "Enter");
  await window.focused(window.role("menuitem", "Sign in"));
  await keys(window, "Escape");
  await window.focused(window.button("Account: not signed in"));
  await keys(window, "Enter", "ArrowDown", "ArrowDown", "ArrowDown", "Enter");
  await retry(async () => assert.equal(await window.page.evaluate(() => document.documentElement.dataset.theme), "dark"), "darkness");
});
