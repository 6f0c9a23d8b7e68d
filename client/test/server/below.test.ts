// A server that is below a path, by the address that a page knows it by.

import { expect, test } from "vitest";
import { serve } from "../support/server.ts";
import { live } from "../support/until.ts";

test("the address may have a path, with and without a slash, and by either transport", async () => {
  const server = await serve(["--base-path", "/gym/one"]);
  for (const path of ["/gym/one", "/gym/one/", "/gym/one//"]) {
    for (const transport of ["websocket", "polling"] as const) {
      const gym = server.open({ url: server.url + path, socket: { transports: [transport] } });
      await live(gym);
      expect(gym.rows("coaches")).toHaveLength(5);
    }
  }
  const gym = server.open({ url: `${server.url}/gym/one` });
  await live(gym);
  expect(await gym.update("schedules", { id: 1, hour: "905" })).toMatchObject({ ok: true });
});

test("a path that is said outright counts, and an address without one is the root", async () => {
  const below = await serve(["--base-path", "/gym"]);
  await live(below.open({ socket: { path: "/gym/socket.io" } }));
  const root = await serve();
  for (const slash of ["", "/"]) await live(root.open({ url: root.url + slash }));
});
