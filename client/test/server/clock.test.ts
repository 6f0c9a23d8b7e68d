// The device's clock is set while a write is on its way.

import { afterEach, expect, test, vi } from "vitest";
import { faultyRelay } from "../support/relay.ts";
import { openClient, startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient, withTimeout } from "../support/wait.ts";

afterEach(() => void vi.useRealTimers());

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };
const days = (n: number) => n * 24 * 60 * 60 * 1000;

test.each([["two days on", 2], ["a year back", -365]])("a repeated write is carried out once when the clock is set %s", async (_, jump) => {
  const server = await startServer();
  const between = await faultyRelay(server);
  const gym = openClient(between.url);
  await waitUntilLive(gym);
  const cut = between.cutNextAck();
  const write = gym.create("coaches", ada);
  await withTimeout(cut, "the ack to be cut off");
  between.cut();
  await waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days(jump) });
  between.mend();
  gym.reconnect();
  expect(await withTimeout(write, "the ack")).toMatchObject({ ok: true, data: { id: 6 } });
  expect(gym.rows("coaches").filter((row) => row.name === ada.name)).toHaveLength(1);
});
