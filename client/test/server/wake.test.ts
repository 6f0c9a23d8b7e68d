// @vitest-environment happy-dom
// A device that wakes up: its connection looks as it did, and may pass nothing any more.

import { expect, test } from "vitest";
import { faultyRelay } from "../support/relay.ts";
import { openClient, startServer, type Gym } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const wakes: [string, () => EventTarget][] = [
  ["visibilitychange", () => document],
  ["resume", () => document],
  ["pageshow", () => window],
  ["online", () => window],
];

// What the page says from now on, in order.
function states(gym: Gym): string[] {
  const said: string[] = [];
  gym.subscribe(() => {
    const { state } = gym.connection();
    if (said.at(-1) !== state) said.push(state);
  });
  return said;
}

test.each(wakes)("%s: the client is live only after the server has answered", async (type, target) => {
  const server = await startServer();
  const gym = server.open();
  await waitUntilLive(gym);
  target().dispatchEvent(new Event(type));
  expect(gym.connection().state).toBe("reconnecting");
  const said = states(gym);
  await waitUntilLive(gym);
  expect(said).toEqual(["reconnecting", "live"]);
});

test("pageshow probes the connection only if the page comes from the browser's cache", async () => {
  const server = await startServer();
  const gym = server.open();
  await waitUntilLive(gym);
  const shown = (persisted: boolean) => window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
  shown(false);
  expect(gym.connection().state).toBe("live");
  shown(true);
  expect(gym.connection().state).toBe("reconnecting");
  await waitUntilLive(gym);
});

test("a dead connection is detected within seconds and replaced", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const [gym, other] = [openClient(between.url), server.open()];
  await Promise.all([waitUntilLive(gym), waitUntilLive(other)]);
  between.deafen();
  await other.update("coaches", { id: 3, age: 77 });
  expect(gym.connection().state).toBe("live");

  const woken = Date.now();
  document.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("pageshow"));
  expect(gym.connection().state).toBe("reconnecting");
  // What it says it is, it is.
  const ages = new Set<number>();
  gym.subscribe(() => gym.connection().state === "live" && ages.add(gym.row("coaches", 3)!.age));
  await waitUntilLive(gym);
  expect([...ages]).toEqual([77]);
  expect(gym.row("coaches", 3)!.age).toBe(77);
  expect(Date.now() - woken).toBeLessThan(10_000);
});

test("events received before the wake-up do not make the client live", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const [gym, other] = [openClient(between.url), server.open()];
  await Promise.all([waitUntilLive(gym), waitUntilLive(other)]);
  window.dispatchEvent(new Event("pageshow"));
  const said = states(gym);
  // The change arrives before the answer does, or with it.
  await other.update("coaches", { id: 3, age: 78 });
  await waitUntilLive(gym);
  expect(said).toEqual(["reconnecting", "live"]);
  expect(gym.connection().state).toBe("live");
});

test("a wake-up without a connection connects at once", async () => {
  const server = await startServer();
  const between = await faultyRelay(server);
  // Far longer than the test takes.
  const gym = openClient(between.url, { socket: { reconnectionDelay: 120_000, reconnectionDelayMax: 240_000 } });
  await waitUntilLive(gym);
  between.cut();
  await waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");
  between.mend();
  document.dispatchEvent(new Event("visibilitychange"));
  await waitUntilLive(gym);
});

test("a closed client has no listeners left", async () => {
  const server = await startServer();
  const gym = server.open();
  await waitUntilLive(gym);
  gym.close();
  for (const [type, target] of wakes) target().dispatchEvent(new Event(type));
  gym.reconnect();
  expect(gym.connection().state).toBe("offline");
});
