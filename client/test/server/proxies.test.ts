// What stands between a page and its server: proxies that swallow WebSockets, addresses that lead elsewhere.

import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { faultyRelay, type WebSockets } from "../support/relay.ts";
import { openClient, startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

const ada = { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" };
const soon = { socket: { timeout: 300 } };

test.each<WebSockets>(["unanswered", "swallowed"])("a WebSocket that is %s falls back to polling, and is upgraded once it passes", async (webSockets) => {
  const between = await faultyRelay(await startServer(), { webSockets });
  const gym = openClient(between.url, soon);
  const write = gym.create("coaches", ada);
  await waitUntilLive(gym);
  expect(await write).toMatchObject({ ok: true });
  expect(between.upgraded()).toBe(0);

  // Another network: the next connection begins by polling, and goes over to a WebSocket.
  between.cut();
  await waitForClient(gym, () => gym.connection().state !== "live", "the connection to be gone");
  between.webSockets = "passed";
  between.mend();
  await waitUntilLive(gym);
  await expect.poll(() => between.upgraded(), { timeout: 30_000 }).toBe(1);
  expect(await gym.create("coaches", ada)).toMatchObject({ ok: true });
  expect(gym.rows("coaches")).toHaveLength(7);
});

async function site(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

test.each<[string, string, RequestListener]>([
  ["nothing is there", "HTTP 404", (_, answer) => answer.writeHead(404).end("<h1>not found</h1>")],
  ["a page is there", "not Socket.IO", (_, answer) => answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Hello")],
  ["its proxy has lost it", "HTTP 502", (_, answer) => answer.writeHead(502).end()],
])("an address where %s is named with the reason", async (_, why, answer) => {
  const url = await site(answer);
  const gym = openClient(`${url}/gym`);
  await waitForClient(gym, () => gym.connection().reason, "the reason");
  expect(gym.connection()).toMatchObject({ state: "reconnecting", reason: `${url}/gym/socket.io: ${why}` });
});

test("a wrong path is reported until a server answers there", async () => {
  const server = await startServer();
  const gym = openClient(`${server.url}/elsewhere`);
  await waitForClient(gym, () => gym.connection().reason, "the reason");
  expect(gym.connection().reason).toBe(`${server.url}/elsewhere/socket.io: HTTP 404`);
  const other = openClient(server.url, { socket: { path: "/other/socket.io" } });
  await waitForClient(other, () => other.connection().reason, "the reason");
  expect(other.connection().reason).toBe(`${server.url}/other/socket.io: HTTP 404`);
  const right = openClient(server.url, { socket: { path: "/socket.io" } });
  await waitUntilLive(right);
  expect(right.connection().reason).toBeUndefined();
});
