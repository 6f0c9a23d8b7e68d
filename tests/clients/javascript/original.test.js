// The front ends that this planner grew up with, with nothing changed but the address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer, waitForSocket } from "@rowcast/test-support";

test("original front end: snapshots keep the store current", async (t) => {
  const server = await startServer(t);
  const { socket, store, waitFor } = server.open();
  await waitFor("the four collections", () => true);
  // Plain callbacks, as it had them.
  const emit = (event, values) => new Promise((resolve) => socket.emit(event, values, resolve));
  const page = (collection, id) => store[collection][id - 1];

  // Sign in; errors stand beside the fields.
  let ack = await emit("login", { username: "", password: "" });
  assert.deepEqual([ack.ok, Object.keys(ack.errors).sort()], [false, ["password", "username"]]);
  const { username } = store.coaches[0];
  ack = await emit("login", { username, password: `${username}_password` });
  assert.deepEqual([ack.ok, ack.user.id], [true, 1]);

  // A form for something new goes to its page as soon as the ack is in.
  ack = await emit("new_coach", { id: "", name: "New Coach", age: "44", picture: "https://example.com/new.png" });
  assert.equal(page("coaches", ack.data.id).age, 44);
  ack = await emit("new_exercise_moves", {
    id: "", name: "Burpee", focus: "Everything", description: "Down, out, in, up.", video_link: "https://example.com/v",
  });
  assert.equal(page("exercise_moves", ack.data.id).name, "Burpee");
  ack = await emit("new_workout_plan", {
    id: "", name: "My plan", difficulty: "Hard", description: "One after another.", exercise_moves: [{ id: "2" }, { id: "7" }, { id: "2" }],
  });
  assert.deepEqual(page("workout_plans", ack.data.id).exercise_moves.map(({ id }) => id), [2, 7, 2]);
  ack = await emit("new_schedule", {
    id: "", day: "Monday", hour: "800", coach: { id: "4", name: "somebody else" }, workout_plan: { id: "4" },
  });
  const made = page("schedules", ack.data.id);
  assert.deepEqual([made.coach.id, made.coach.name], [4, page("coaches", 4).name]);
  assert.deepEqual([made.hour, made.workout_plan.name], ["800", "My plan"]);

  // A form for something that is there sends the whole row back, with what was typed.
  ack = await emit("update_coach", { ...page("coaches", 6), age: "45" });
  assert.equal(page("coaches", 6).age, 45);
  ack = await emit("update_workout_plan", { ...page("workout_plans", 4), name: "Your plan" });
  assert.equal(page("schedules", made.id).workout_plan.name, "Your plan");
  ack = await emit("update_schedule", { ...page("schedules", made.id), coach: { ...made.coach, id: "6" } });
  assert.equal(page("schedules", made.id).coach.name, "New Coach");

  // What it once never recovered from.
  ack = await emit("update_coach", { ...page("coaches", 6), age: "abc" });
  assert.deepEqual([ack.ok, Object.keys(ack.errors)], [false, ["age"]]);
  assert.ok((await new Promise((resolve) => socket.emit("refresh", resolve))).ok);

  // It deletes whole rows too.
  for (const [event, row] of [
    ["delete_schedule", page("schedules", made.id)],
    ["delete_workout_plan", page("workout_plans", 4)],
    ["delete_exercise_move", page("exercise_moves", 7)],
    ["delete_coach", page("coaches", 6)],
  ]) {
    assert.deepEqual((await emit(event, row)).errors, {}, event);
  }
  assert.deepEqual([store.coaches.length, store.schedules.length], [5, 36]);
});

test("original front end: repeated refresh keeps the store current", async (t) => {
  const server = await startServer(t);
  const { socket, store } = server.open();
  const other = server.open();
  // It shows nothing until the first refresh is acked, and then asks again at once, for ever.
  let shown;
  let rounds = 0;
  const refresh = () =>
    socket.emit("refresh", () => {
      shown = { ...store };
      rounds += 1;
      refresh();
    });
  refresh();
  await waitForSocket(socket, () => rounds > 20, "twenty rounds");
  assert.deepEqual([shown.coaches.length, shown.schedules.length], [5, 36]);
  for (const schedule of shown.schedules) {
    assert.ok(schedule.coach.id > 0 && schedule.workout_plan.name.length > 0);
  }

  const { data } = await other.request("new_coach", { name: "Ada", age: 36, picture: "https://example.com/a.png" });
  await waitForSocket(socket, () => shown.coaches.length === 6, "the new coach to be shown");
  assert.deepEqual(shown.coaches[data.id - 1], data);
});
