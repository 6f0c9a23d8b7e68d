// Rows and writes, against the server.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };

test("a live client has all rows", async () => {
  const gym = (await startServer()).open();
  expect(gym.connection()).toMatchObject({ state: "connecting", ready: false, user: null });
  await waitUntilLive(gym);
  expect(gym.rows("coaches").map((coach) => coach.id)).toEqual([1, 2, 3, 4, 5]);
  expect(gym.rows("schedules").length).toBeGreaterThan(30);
  expect(gym.row("schedules", 1)!.coach.name).toBe(gym.row("coaches", gym.row("schedules", 1)!.coach.id)!.name);
});

test("a created row is displayed at once, acked, and received by another client", async () => {
  const server = await startServer();
  const [here, there] = [server.open(), server.open()];
  await Promise.all([waitUntilLive(here), waitUntilLive(there)]);

  const write = here.create("coaches", ada);
  expect(here.rows("coaches").at(-1)).toEqual({ ...ada, id: write.id, username: null, version: 0 });
  expect(here.pending("coaches", write.id)).toBe("create");
  expect(here.connection().pendingCount).toBe(1);

  const ack = await write;
  expect(ack).toMatchObject({ ok: true, data: { ...ada, id: 6, version: 1 } });
  expect(here.row("coaches", write.id)).toBe(here.row("coaches", 6));
  expect(here.rows("coaches").filter((coach) => coach.name === ada.name)).toHaveLength(1);
  expect(here.connection().pendingCount).toBe(0);
  await waitForClient(there, () => there.row("coaches", 6), "the other window");
  expect(there.lastEdit("coaches", 6)).toMatchObject({ kind: "created", version: 1 });
  expect(here.lastEdit("coaches", 6)).toBeUndefined();
});

test("a rejected update is displayed and undone exactly", async () => {
  const gym = (await startServer()).open();
  await waitUntilLive(gym);
  const before = gym.row("coaches", 1)!;

  const write = gym.update("coaches", { id: 1, age: 17 });
  expect(gym.row("coaches", 1)).toEqual({ ...before, age: 17 });
  expect(await write).toEqual({ ok: false, data: null, errors: { age: "must be at least 18" } });
  expect(gym.row("coaches", 1)).toBe(before);
});

test("a rejected delete restores the row, an accepted one removes it", async () => {
  const gym = (await startServer()).open();
  await waitUntilLive(gym);
  const coach = gym.row("coaches", 1);

  const refused = gym.delete("coaches", 1);
  expect(gym.row("coaches", 1)).toBeUndefined();
  expect((await refused).errors).toHaveProperty("$in_use");
  expect(gym.row("coaches", 1)).toBe(coach);

  expect(await gym.delete("schedules", 1)).toMatchObject({ ok: true, data: { id: 1 } });
  expect(gym.row("schedules", 1)).toBeUndefined();
});

test("request returns the ack of an event that is no write", async () => {
  const gym = (await startServer()).open();
  expect(await gym.request("list_coaches")).toMatchObject({ ok: false, errors: { $offline: expect.any(String) } });
  await waitUntilLive(gym);
  expect(await gym.request("list_coaches", { limit: 1 })).toMatchObject({ ok: true, data: { rows: [{ id: 1 }] } });
});
