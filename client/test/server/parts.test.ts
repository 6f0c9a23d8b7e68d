// A first picture in parts, as the server sends it.

import { expect, test } from "vitest";
import { faultyRelay } from "../support/relay.ts";
import { openClient, startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const move = (n: number) => ({ name: `Move ${n}`, focus: "Strength", description: "d".repeat(400), video_link: "https://example.com/move" });

test("a large snapshot arrives in parts, and equals one in a single piece", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const other = server.open();
  await waitUntilLive(other);
  await Promise.all(Array.from({ length: 400 }, (_, n) => other.create("exercise_moves", move(n))));
  const gym = openClient(between.url);
  const seen = new Set<number>();
  gym.subscribe(() => seen.add(gym.rows("exercise_moves").length));
  await waitUntilLive(gym);
  expect(between.sent()).toMatch(/42\["part",\{"n":3,/);
  expect(between.sent()).not.toContain('42["exercise_moves"');
  // Nothing of it before the last part.
  expect([...seen].filter((n) => n > 0)).toEqual([other.rows("exercise_moves").length]);
  for (const name of ["coaches", "exercise_moves", "workout_plans", "schedules"] as const) expect(gym.rows(name)).toEqual(other.rows(name));

  // It resumes from there, and not from the beginning.
  between.cut();
  await waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");
  await other.update("coaches", { id: 1, age: 71 });
  between.mend();
  await waitForClient(gym, () => gym.row("coaches", 1)!.age === 71, "the change");
  expect(between.sent()).not.toContain('42["part"');
});

test("an oversized collection is withheld, and sent once it is small again", async () => {
  const server = await startServer(["--collection-bytes", "8192"]);
  const gym = server.open();
  await waitUntilLive(gym);
  const ids: number[] = [];
  for (let n = 0; n < 20; n++) ids.push((await gym.create("exercise_moves", move(n))).data!.id);
  await waitForClient(gym, () => gym.connection().withheld.includes("exercise_moves"), "the notice");
  const late = server.open();
  await waitUntilLive(late);
  expect(late.connection()).toMatchObject({ ready: true, withheld: expect.arrayContaining(["exercise_moves"]) });
  for (const id of ids) await gym.delete("exercise_moves", id);
  for (const client of [gym, late]) {
    await waitForClient(client, () => !client.connection().withheld.includes("exercise_moves") && client.connection().state === "live", "the end of it");
    expect(client.rows("exercise_moves")).toHaveLength(6);
  }
});

test("login delivers the whole snapshot before its ack", async () => {
  const server = await startServer(["--access", "members"]);
  const maker = server.open();
  await waitForClient(maker, () => maker.connection().needsSignIn && maker.connection().state === "live", "the sign-in");
  await maker.login({ username: "mara", password: "mara_password" });
  await Promise.all(Array.from({ length: 400 }, (_, n) => maker.create("exercise_moves", move(n))));
  const between = await faultyRelay(server);
  const gym = openClient(between.url);
  await waitForClient(gym, () => gym.connection().needsSignIn && gym.connection().state === "live", "the sign-in");
  expect(await gym.login({ username: "teo", password: "teo_password" })).toMatchObject({ ok: true });
  expect(between.sent()).toMatch(/42\["part",\{"n":3,/);
  expect(gym.connection()).toMatchObject({ state: "live", ready: true });
  expect(gym.rows("exercise_moves")).toEqual(maker.rows("exercise_moves"));
});
