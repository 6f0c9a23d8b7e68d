// What happens to writes when the connection does not hold.

import { expect, test } from "vitest";
import { faultyRelay } from "../support/relay.ts";
import { openClient, startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient, withTimeout } from "../support/wait.ts";

const coach = (name: string) => ({ name, age: 36, picture: "https://example.com/ada.png" });
const away = (gym: Parameters<typeof waitForClient>[0] & { connection(): { state: string } }) =>
  waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");

test("offline writes are displayed, queued and sent in order", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const gym = openClient(between.url);
  await waitUntilLive(gym);
  between.cut();
  await away(gym);

  const ada = gym.create("coaches", coach("Ada Byron"));
  const plan = gym.row("workout_plans", 1)!;
  const lesson = gym.create("schedules", { day: "Monday", hour: "0800", coach: { id: ada.id }, workout_plan: { id: 1 } });
  const renamed = gym.update("coaches", { id: ada.id, version: 0, name: "Ada King" });
  expect(gym.row("schedules", lesson.id)).toEqual({
    id: lesson.id,
    version: 0,
    day: "Monday",
    hour: "0800",
    coach: { id: ada.id, name: "Ada King" },
    workout_plan: { id: 1, name: plan.name, difficulty: plan.difficulty },
  });
  expect(gym.connection()).toMatchObject({ ready: true, pendingCount: 3 });

  between.mend();
  expect(await ada).toMatchObject({ ok: true, data: { id: 6, name: "Ada Byron" } });
  expect(await lesson).toMatchObject({ ok: true, data: { hour: "800", coach: { id: 6 } } });
  expect(await renamed).toMatchObject({ ok: true, data: { id: 6, name: "Ada King", version: 2 } });
  expect(gym.row("coaches", ada.id)).toMatchObject({ id: 6, name: "Ada King" });
  expect(gym.rows("schedules").filter((row) => row.coach.id === 6)).toHaveLength(1);
  expect(gym.connection()).toMatchObject({ state: "live", pendingCount: 0 });
});

test("a committed write without an ack results in one row, never beside its placeholder", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const [gym, other] = [openClient(between.url), server.open()];
  await Promise.all([waitUntilLive(gym), waitUntilLive(other)]);
  const seen: number[] = [];
  gym.subscribe(() => seen.push(gym.rows("coaches").filter((row) => row.name === "Ada Byron").length));

  const cut = between.cutNextAck();
  const write = gym.create("coaches", coach("Ada Byron"));
  await withTimeout(cut, "the ack to be cut off");
  await waitForClient(other, () => other.row("coaches", 6), "it to be committed");

  expect(await write).toMatchObject({ ok: true, data: { id: 6 } });
  expect(gym.rows("coaches").filter((row) => row.name === "Ada Byron")).toHaveLength(1);
  expect(new Set(seen)).toEqual(new Set([1]));
  expect(other.rows("coaches")).toHaveLength(6);
});

test("writes in flight when the server is killed are carried out exactly once", async () => {
  const server = await startServer();
  const gym = server.open();
  await waitUntilLive(gym);
  const writes = Array.from({ length: 60 }, (_, n) => gym.create("coaches", coach(`Coach ${n}`)));
  await writes[5];
  await server.kill();
  await away(gym);
  const later = gym.create("coaches", coach("Coach 60"));
  await server.start();

  const acks = await Promise.all([...writes, later]);
  expect(acks.filter((ack) => !ack.ok)).toEqual([]);
  await waitUntilLive(gym);
  const names = gym.rows("coaches").slice(5).map((row) => row.name);
  expect(names).toEqual(Array.from({ length: 61 }, (_, n) => `Coach ${n}`));
  const other = server.open();
  await waitUntilLive(other);
  expect(other.rows("coaches")).toEqual(gym.rows("coaches"));
});

test("a resumed client receives changes, and unchanged rows stay the same objects", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const [gym, other] = [openClient(between.url), server.open()];
  await Promise.all([waitUntilLive(gym), waitUntilLive(other)]);
  const [first, second] = [gym.row("coaches", 1), gym.row("coaches", 2)];
  between.cut();
  await away(gym);
  await other.update("coaches", { id: 2, name: "Teo O." });
  between.mend();
  await waitForClient(gym, () => gym.row("coaches", 2)!.name === "Teo O.", "the change");
  expect(gym.row("coaches", 1)).toBe(first);
  expect(gym.row("coaches", 2)).not.toBe(second);
  expect(gym.lastEdit("coaches", 2)).toMatchObject({ kind: "updated", version: 2 });
});

test("a placeholder deleted before sending is withdrawn", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const gym = openClient(between.url);
  await waitUntilLive(gym);
  between.cut();
  await away(gym);
  const write = gym.create("coaches", coach("Ada Byron"));
  const lesson = gym.create("schedules", { day: "Monday", hour: "800", coach: { id: write.id }, workout_plan: { id: 1 } });
  expect(await gym.delete("coaches", write.id)).toMatchObject({ ok: true });
  expect((await write).errors).toHaveProperty("$withdrawn");
  expect((await lesson).errors).toHaveProperty("$depends");
  expect(gym.row("coaches", write.id)).toBeUndefined();
  between.mend();
  await waitUntilLive(gym);
  expect(gym.rows("coaches")).toHaveLength(5);
});

test("a blocked WebSocket falls back to polling", async () => {
  const server = await startServer();
  const gym = openClient((await faultyRelay(server, { webSockets: "refused" })).url);
  await waitUntilLive(gym);
  expect(await gym.create("coaches", coach("Ada Byron"))).toMatchObject({ ok: true });
  expect(gym.rows("coaches")).toHaveLength(6);
});
