// Exercise moves: from the first to the last thing that can be done with one.

import { story } from "./support/story.js";

const lunge = { Name: "Lunge", Focus: "Legs", Description: "One long step, down and up again.", "Video link": "https://example.com/lunge" };

story("the first move of an empty gym is created, updated and deleted", { sample: "never" }, async (gym) => {
  const window = await gym.open();
  await window.go("/moves");
  await window.sees(window.text("No moves yet"));
  await window.button("Add the first move").click();
  await window.fill(lunge);
  await window.button("Create move").click();
  await window.sees(window.heading("Lunge"));
  await gym.waitFor("the move", ({ exercise_moves: [move] }) => move?.id === 1 && move.focus === "Legs" && move.video_link === lunge["Video link"]);

  await window.fill({ Focus: "Balance", Description: "One long step back, down, and up again." });
  await window.button("Save changes").click();
  await window.sees(window.row("Lunge").getByText("Balance"));
  await gym.waitFor("the change", ({ exercise_moves: [move] }) => move.version === 2 && move.focus === "Balance" && move.name === "Lunge");

  await window.button("Delete").click();
  await window.button("Delete move").click();
  await window.sees(window.text("No moves yet"));
  await gym.waitFor("no moves", ({ exercise_moves }) => exercise_moves.length === 0);
});

story("deleting a move that plans use displays the reason", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/moves/1");
  await window.button("Delete").click();
  await window.button("Delete move").click();
  const { errors } = await gym.witness.request("delete_exercise_move", { id: 1 });
  await window.reads(window.question("Delete this move?").getByRole("alert"), new RegExp(errors.$in_use, "i"));
  await gym.waitFor("six moves", ({ exercise_moves }) => exercise_moves.length === 6);
});

story("moves are searched by focus and equipment, and sorted", {}, async (gym) => {
  const window = await gym.open();
  await window.go("/moves?sort=focus");
  await window.sees(window.row("Push-up"));
  await window.lists("Exercise moves", ["Bent-over row", "Push-up", "Dead bug", "Rope skipping", "Box step-up", "Goblet squat"]);
  await window.role("searchbox", "Search moves").fill("spine");
  await window.sees(window.text("1 move found"));
  await window.lists("Exercise moves", ["Dead bug"]);
  await window.row("Dead bug").click();
  await window.page.waitForURL(/\/moves\/4\?.*q=spine/);
  await window.holds("Focus", "Core");
  await window.button("Close Dead bug").click();
  await window.focused(window.row("Dead bug"));
  await window.sees(window.text("1 move found"));
  await window.go("/moves/77");
  await window.sees(window.text("There is no move 77"));
});
