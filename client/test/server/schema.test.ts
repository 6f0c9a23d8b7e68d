// Whether the server has the types that a page was built for.

import { expect, onTestFinished, test, vi } from "vitest";
import { schema } from "../../../api-schema/generated/schema.ts";
import { createClient, memoryTokens } from "../../src/index.ts";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

test("the generated types match the server", async () => {
  const gym = (await startServer()).open();
  await waitUntilLive(gym);
  expect(gym.connection().schema).toEqual({ matches: true, differs: [] });
});

test("differing types are reported, and the client works", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { url } = await startServer();
  const { coaches, ...others } = schema.collections;
  const old = { ...schema, hash: "old", collections: { ...others, coaches: { ...coaches, hash: "old" } } };
  const gym = createClient(old, { url, tokens: memoryTokens() });
  onTestFinished(() => gym.close());
  await waitUntilLive(gym);
  expect(gym.connection().schema).toEqual({ matches: false, differs: ["coaches"] });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("coaches"));
  expect(await gym.update("schedules", { id: 1, hour: "905" })).toMatchObject({ ok: true });
});
