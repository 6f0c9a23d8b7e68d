// The device's clock is set while a write is on its way.

import { afterEach, expect, test, vi } from "vitest";
import { relay } from "../support/relay.ts";
import { open, serve } from "../support/server.ts";
import { live, until, within } from "../support/until.ts";

afterEach(() => void vi.useRealTimers());

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };
const days = (n: number) => n * 24 * 60 * 60 * 1000;

test.each([["two days on", 2], ["a year back", -365]])("a write of a moment ago is carried out once, when the clock is set %s", async (_, jump) => {
  const server = await serve();
  const between = await relay(server);
  const gym = open(between.url);
  await live(gym);
  const cut = between.cutNextAck();
  const write = gym.create("coaches", ada);
  await within(cut, "the ack to be cut off");
  between.cut();
  await until(gym, () => gym.connection().state !== "live", "the connection to be gone");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days(jump) });
  between.mend();
  gym.reconnect();
  expect(await within(write, "the ack")).toMatchObject({ ok: true, data: { id: 6 } });
  expect(gym.rows("coaches").filter((row) => row.name === ada.name)).toHaveLength(1);
});
