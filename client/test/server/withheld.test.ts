// A collection that grows too large to be sent, and small again.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const move = (n: number) => ({ name: `Move ${n}`, focus: "Strength", description: "d".repeat(400), video_link: "https://example.com/move" });

test("a collection that grows too large is withheld until it is small again", async () => {
  const server = await startServer(["--collection-bytes", "8192"]);
  const [here, there] = [server.open(), server.open()];
  await Promise.all([waitUntilLive(here), waitUntilLive(there)]);
  const before = here.rows("exercise_moves").length;
  expect(here.connection().withheld).toEqual([]);

  const ids: number[] = [];
  for (let n = 0; n < 20; n++) ids.push((await here.create("exercise_moves", move(n))).data!.id);
  for (const client of [here, there]) {
    await waitForClient(client, () => client.connection().withheld.includes("exercise_moves"), "the notice");
    await waitForClient(client, () => client.rows("exercise_moves").length === 0, "no rows");
    expect(client.connection()).toMatchObject({ state: "live", ready: true });
  }

  // A page that opens now is ready all the same, and other collections go on.
  const late = server.open();
  await waitUntilLive(late);
  expect(late.connection()).toMatchObject({ ready: true, withheld: expect.arrayContaining(["exercise_moves"]) });
  await here.update("coaches", { id: 1, age: 77 });
  await waitForClient(late, () => late.row("coaches", 1)!.age === 77, "the change");

  for (const id of ids) await here.delete("exercise_moves", id);
  for (const client of [here, there, late]) {
    await waitForClient(client, () => client.rows("exercise_moves").length === before, "the rows");
    await waitForClient(client, () => !client.connection().withheld.includes("exercise_moves"), "the end of it");
  }
});
