// Sign-in, and the rows and writes that it permits.

import { expect, test } from "vitest";
import { memoryTokens } from "../../src/index.ts";
import { faultyRelay } from "../support/relay.ts";
import { openClient, startServer, type Gym } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const mara = { username: "mara", password: "mara_password" };
const teo = { username: "teo", password: "teo_password" };
const members = ["--access", "members"];
const signIn = (gym: Gym) => waitForClient(gym, () => gym.connection().needsSignIn && gym.connection().state === "live", "the sign-in");
const away = (gym: Gym) => waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");
const dawn = { day: "Monday", hour: "600", coach: { id: 1 }, workout_plan: { id: 1 } } as const;

test("access mode members: rows are present only while signed in", async () => {
  const gym = (await startServer(members)).open();
  await signIn(gym);
  expect(gym.connection()).toMatchObject({ state: "live", ready: false, access: "members", user: null });
  expect(gym.rows("coaches")).toEqual([]);
  expect(await gym.login({ username: "mara", password: "wrong" })).toMatchObject({
    ok: false,
    errors: { password: expect.any(String), username: expect.any(String) },
  });

  expect(await gym.login(mara)).toMatchObject({ ok: true, data: { user: { username: "mara" } } });
  expect(gym.connection()).toMatchObject({ state: "live", ready: true, needsSignIn: false, user: { username: "mara" } });
  expect(gym.rows("coaches")).toHaveLength(5);

  expect(await gym.logout()).toMatchObject({ ok: true });
  expect(gym.connection()).toMatchObject({ ready: false, needsSignIn: true, user: null });
  expect(gym.rows("coaches")).toEqual([]);
});

test("a stored token signs in on connect and on reconnect", async () => {
  const server = await startServer(members);
  const between = await faultyRelay(server);
  const tokens = memoryTokens();
  const first = openClient(between.url, { tokens });
  await signIn(first);
  await first.login(mara);
  between.cut();
  await away(first);
  expect(first.rows("coaches")).toHaveLength(5);
  between.mend();
  await waitUntilLive(first);
  expect(first.connection().user).toMatchObject({ username: "mara" });

  const second = server.open({ tokens });
  await waitUntilLive(second);
  expect(second.connection().user).toMatchObject({ username: "mara" });
  expect(second.rows("coaches")).toEqual(first.rows("coaches"));
});

test("an invalid token is removed, and the client connects without it", async () => {
  const tokens = memoryTokens();
  tokens.set("0".repeat(64));
  const gym = (await startServer(members)).open({ tokens });
  await signIn(gym);
  expect(gym.connection()).toMatchObject({ state: "live", user: null, reason: expect.any(String) });
  expect(tokens.get()).toBeNull();
  await gym.login(mara);
  expect(gym.connection().reason).toBeUndefined();
});

test("a sign-out elsewhere removes the rows and reports the reason", async () => {
  const server = await startServer(members);
  const tokens = memoryTokens();
  const here = server.open({ tokens });
  await signIn(here);
  await here.login(mara);
  const there = server.open({ tokens: { get: tokens.get, set: () => {} } });
  await waitUntilLive(there);
  await there.logout();
  await signIn(here);
  expect(here.connection()).toMatchObject({ user: null, ready: false, reason: expect.any(String) });
  expect(here.rows("schedules")).toEqual([]);
  expect(tokens.get()).toBeNull();
});

test("a login as another user starts without rows", async () => {
  const gym = (await startServer(members)).open();
  await signIn(gym);
  await gym.login(mara);
  expect(await gym.login(teo)).toMatchObject({ ok: true });
  await waitUntilLive(gym);
  expect(gym.connection().user).toMatchObject({ username: "teo" });
  expect(gym.rows("coaches")).toHaveLength(5);
});

test("access mode read: only signed-in users write", async () => {
  const gym = (await startServer(["--access", "read"])).open();
  await waitUntilLive(gym);
  expect(gym.connection()).toMatchObject({ access: "read", needsSignIn: false });
  const rows = gym.rows("schedules");
  const refused = gym.create("schedules", dawn);
  expect(gym.rows("schedules")).toHaveLength(rows.length + 1);
  expect((await refused).errors).toHaveProperty("$unauthorized");
  expect(gym.rows("schedules")).toEqual(rows);
  await gym.login(mara);
  expect(await gym.create("schedules", dawn)).toMatchObject({ ok: true });
});

test("a queued write is held for its user, and hidden from others", async () => {
  const server = await startServer(members);
  const between = await faultyRelay(server);
  const tokens = memoryTokens();
  const gym = openClient(between.url, { tokens });
  await signIn(gym);
  await gym.login(mara);
  between.cut();
  await away(gym);
  const write = gym.create("coaches", { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" });
  expect(gym.row("coaches", write.id)).toMatchObject({ name: "Ada Byron" });

  // Signed out while disconnected; another user signs in.
  const elsewhere = server.open({ tokens: { get: tokens.get, set: () => {} } });
  await waitUntilLive(elsewhere);
  await elsewhere.logout();
  between.mend();
  await signIn(gym);
  expect(await gym.login(teo)).toMatchObject({ ok: true });
  expect(gym.connection()).toMatchObject({ pendingCount: 1, heldCount: 1 });
  expect(gym.rows("coaches")).toHaveLength(5);

  await gym.login(mara);
  expect(await write).toMatchObject({ ok: true, data: { name: "Ada Byron" } });
  await waitUntilLive(gym);
  expect(gym.rows("coaches")).toHaveLength(6);
});

test("discard gives up held writes", async () => {
  const server = await startServer(members);
  const between = await faultyRelay(server);
  const gym = openClient(between.url);
  await signIn(gym);
  await gym.login(mara);
  between.cut();
  await away(gym);
  const write = gym.update("coaches", { id: 1, name: "Somebody" });
  expect(gym.discard()).toBe(0);
  await gym.logout();
  expect(gym.connection()).toMatchObject({ user: null, heldCount: 1 });
  expect(gym.discard()).toBe(1);
  expect((await write).errors).toHaveProperty("$discarded");
  expect(gym.connection()).toMatchObject({ pendingCount: 0, heldCount: 0 });
});

test("lastEdit names the author of a change", async () => {
  const server = await startServer();
  const [here, there, quiet] = [server.open(), server.open(), server.open({ remoteEdits: undefined })];
  await Promise.all([waitUntilLive(here), waitUntilLive(there), waitUntilLive(quiet)]);
  await here.login(mara);
  await here.update("coaches", { id: 2, name: "Teo O." });
  await waitForClient(there, () => there.lastEdit("coaches", 2)?.by, "the author");
  expect(there.lastEdit("coaches", 2)).toMatchObject({ kind: "updated", version: 2, by: { id: 1 } });
  // What only shows the coach has not been touched.
  const shown = there.rows("schedules").find((row) => row.coach.id === 2)!;
  expect(shown.coach.name).toBe("Teo O.");
  expect(there.lastEdit("schedules", shown.id)).toBeUndefined();
  expect(here.lastEdit("coaches", 2)).toBeUndefined();

  await quiet.create("schedules", dawn);
  await waitForClient(here, () => here.rows("schedules").some((row) => here.lastEdit("schedules", row.id)?.by === null), "nobody");
  // A client without the option receives no authors.
  expect(quiet.row("coaches", 2)).toMatchObject({ name: "Teo O." });
  expect(quiet.lastEdit("coaches", 2)).toBeUndefined();
});
