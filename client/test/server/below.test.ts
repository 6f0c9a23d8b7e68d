// A server that is below a path, by the address that a page knows it by.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

test("the address may have a path, with and without a slash, and by either transport", async () => {
  const server = await startServer(["--base-path", "/gym/one"]);
  for (const path of ["/gym/one", "/gym/one/", "/gym/one//"]) {
    for (const transport of ["websocket", "polling"] as const) {
      const gym = server.open({ url: server.url + path, socket: { transports: [transport] } });
      await waitUntilLive(gym);
      expect(gym.rows("coaches")).toHaveLength(5);
    }
  }
  const gym = server.open({ url: `${server.url}/gym/one` });
  await waitUntilLive(gym);
  expect(await gym.update("schedules", { id: 1, hour: "905" })).toMatchObject({ ok: true });
});

test("a path that is said outright counts, and an address without one is the root", async () => {
  const below = await startServer(["--base-path", "/gym"]);
  await waitUntilLive(below.open({ socket: { path: "/gym/socket.io" } }));
  const root = await startServer();
  for (const slash of ["", "/"]) await waitUntilLive(root.open({ url: root.url + slash }));
});
