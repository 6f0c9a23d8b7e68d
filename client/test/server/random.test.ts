// Where there is no Web Crypto, as in React Native: what has to be unlike anything else still is.

import { afterEach, expect, test, vi } from "vitest";
import { uuid } from "../../src/pending.ts";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };
const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test.each([
  ["Web Crypto", globalThis.crypto],
  ["none", undefined],
  ["half of it", { subtle: {} }],
])("ids are UUIDs, and no two are alike, with %s", (_, crypto) => {
  vi.stubGlobal("crypto", crypto);
  const ids = Array.from({ length: 5000 }, () => uuid());
  expect(ids.filter((id) => !version4.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test("devices with equal Math.random states create different request ids", () => {
  vi.stubGlobal("crypto", undefined);
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const ids = new Set<string>();
  for (let n = 0; n < 1000; n++) {
    ids.add(uuid());
    vi.advanceTimersByTime(1);
  }
  expect(ids.size).toBe(1000);
});

test("the random option supplies the bytes", async () => {
  const server = await startServer();
  const random = vi.fn((bytes: Uint8Array<ArrayBuffer>) => globalThis.crypto.getRandomValues(bytes));
  const gym = server.open({ random });
  await waitUntilLive(gym);
  const write = gym.create("coaches", ada);
  expect(write.requestId).toMatch(version4);
  expect(random).toHaveBeenCalledTimes(1);
  expect(await write).toMatchObject({ ok: true });
});

test("a realm without browser globals reads and writes", async () => {
  const server = await startServer();
  for (const name of ["crypto", "localStorage", "location", "navigator", "addEventListener"]) vi.stubGlobal(name, undefined);
  const gym = server.open({ tokens: undefined });
  await waitUntilLive(gym);
  expect(await gym.create("coaches", ada)).toMatchObject({ ok: true, data: { id: 6 } });
  expect(await gym.login({ username: "mara", password: "mara_password" })).toMatchObject({ ok: true });
});
