// Workout plans: moves in their order, some of them again.

import { story } from "./support/story.js";

const stands = (names) => ({ workout_plans }) =>
  workout_plans.some(({ id, exercise_moves }) => id === 4 && exercise_moves.map(({ name }) => name).join() === names.join());

story("a plan keeps the order of its moves, including repeated ones", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/plans");
  await window.button("New workout plan").click();
  await window.fill({ Name: "Ladder", Difficulty: "Hard", Description: "Up the ladder and down again." });
  for (const name of ["Push-up", "Dead bug", "Push-up", "Rope skipping"]) await window.pick("Add a move", name);
  await window.lists("Moves", ["Push-up", "Dead bug", "Push-up", "Rope skipping"]);
  await window.button("Create workout plan").click();
  await window.sees(window.heading("Ladder"));
  await gym.waitFor("the plan", stands(["Push-up", "Dead bug", "Push-up", "Rope skipping"]));

  // The first of the two goes, and another comes at the end.
  await window.button("Remove Push-up").first().click();
  await window.pick("Add a move", "Dead bug");
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the workout plan"));
  await gym.waitFor("the change", stands(["Dead bug", "Push-up", "Rope skipping", "Dead bug"]));
  await window.page.reload();
  await window.sees(window.heading("Ladder"));
  await window.lists("Moves", ["Dead bug", "Push-up", "Rope skipping", "Dead bug"]);

  await window.button("Delete").click();
  await window.button("Delete workout plan").click();
  await window.misses(window.row("Ladder"));
  await gym.waitFor("three plans", ({ workout_plans }) => workout_plans.length === 3);
});

story("moves of a plan are reordered by dragging", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/plans/2");
  await window.sees(window.heading("Strong base"));
  const rows = window.role("grid", "Moves").getByRole("row");
  await rows.nth(3).dragTo(rows.nth(0), { targetPosition: { x: 60, y: 2 } });
  await window.button("Save changes").click();
  await window.sees(window.message("Saved the workout plan"));
  await window.lists("Moves", ["Box step-up", "Goblet squat", "Bent-over row", "Dead bug", "Goblet squat"]);
  await gym.waitFor("the order", ({ workout_plans }) => workout_plans[1].exercise_moves.map(({ id }) => id).join() === "5,1,3,4,1");
});

story("deleting a plan with classes is refused, and plans are searched and sorted", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/plans/1");
  await window.button("Delete").click();
  await window.button("Delete workout plan").click();
  const { errors } = await gym.witness.request("delete_workout_plan", { id: 1 });
  await window.reads(window.question("Delete this workout plan?").getByRole("alert"), new RegExp(errors.$in_use, "i"));
  await window.button("Keep it").click();

  await window.choose("Sort by", /^Most moves/);
  await window.page.waitForURL(/sort=moves/);
  await window.lists("Workout plans", ["Out of breath", "Strong base", "First steps"]);
  await window.role("searchbox", "Search workout plans").fill("towel");
  await window.sees(window.text("1 workout plan found"));
  await window.lists("Workout plans", ["Out of breath"]);
  await window.link("12 classes this week").click();
  await window.sees(window.text("12 of 36 classes"));
  await window.go("/plans/44");
  await window.sees(window.text("There is no workout plan 44"));
});
