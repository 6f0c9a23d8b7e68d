// A server that is below a path, by the address that a page knows it by.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

test("a base path in the URL works with and without a slash, over both transports", async () => {
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

test("the path option takes precedence, and a URL without a path is the root", async () => {
  const below = await startServer(["--base-path", "/gym"]);
  await waitUntilLive(below.open({ socket: { path: "/gym/socket.io" } }));
  const root = await startServer();
  for (const slash of ["", "/"]) await waitUntilLive(root.open({ url: root.url + slash }));
});
