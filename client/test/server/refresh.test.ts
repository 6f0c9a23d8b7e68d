// Being sent everything anew while one writes.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

const move = (n: number) => ({ name: `Move ${n}`, focus: "Strength", description: "d".repeat(400), video_link: "https://example.com/move" });

test("writes during a refresh are displayed before their acks", async () => {
  const server = await startServer();
  const gym = server.open();
  await waitUntilLive(gym);
  await Promise.all(Array.from({ length: 200 }, (_, n) => gym.create("exercise_moves", move(n))));
  const writes = [];
  for (let n = 0; n < 20; n++) {
    void gym.request("refresh" as never);
    writes.push(gym.update("exercise_moves", { id: 10 + n, focus: `Focus ${n}` }).then(() => gym.row("exercise_moves", 10 + n)!.focus));
  }
  expect(await Promise.all(writes)).toEqual(Array.from({ length: 20 }, (_, n) => `Focus ${n}`));
  await waitUntilLive(gym);
});
