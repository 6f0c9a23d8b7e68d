// A module that is replaced while the page lives on, as Vite does it: nothing of the client before it is left.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createServer } from "../../node_modules/vite/dist/node/index.js";
import { TIMEOUT, retry, startServer } from "@rowcast/test-support";
import { launchBrowser } from "@rowcast/test-support/browser";

const root = fileURLToPath(new URL("../../", import.meta.url));
let browser;
after(() => browser?.close());

const client = (url, edition) => `
  import { createClient } from "@rowcast/client";
  import { indexedDb } from "@rowcast/client/indexeddb";
  import { schema } from "./schema.ts";
  export const client = createClient(schema, { url: "${url}", persistence: indexedDb("hot") });
  (window.clients ??= []).push(client);
  window.edition = ${edition};
  if (import.meta.hot) {
    import.meta.hot.accept();
    import.meta.hot.dispose(() => client.close());
  }`;

test("hot replacement closes the old client's socket, database and locks", { timeout: 6 * TIMEOUT }, async (t) => {
  const server = await startServer(t, { log: "ignore" });
  await mkdir(join(root, "target/tmp"), { recursive: true });
  // Within the workspace, where the packages are found.
  const folder = await mkdtemp(join(root, "target/tmp/hot-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const put = (name, text) => writeFile(join(folder, name), text);
  await put("schema.ts", await readFile(join(root, "api-schema/generated/schema.ts"), "utf8"));
  await put("index.html", '<!doctype html><script type="module" src="/client.js"></script>');
  await put("client.js", client(server.url, 1));
  const vite = await createServer({
    root: folder,
    configFile: false,
    logLevel: "error",
    cacheDir: join(folder, ".vite"),
    optimizeDeps: { include: ["socket.io-client"], exclude: ["@rowcast/client"] },
    server: { host: "127.0.0.1", port: 0, fs: { allow: [root] }, watch: null },
  });
  t.after(() => vite.close());
  await vite.listen();

  browser ??= await launchBrowser();
  const context = await browser.newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(TIMEOUT);
  const page = await context.newPage();
  const sockets = [];
  page.on("websocket", (socket) => socket.url().includes("/socket.io/") && sockets.push(socket));
  await page.goto(`http://127.0.0.1:${vite.httpServer.address().port}/`);
  const live = (edition) => page.waitForFunction((edition) => window.edition === edition && clients.at(-1).connection().state === "live", edition);
  const locks = () => page.evaluate(async () => (await navigator.locks.query()).held.length);
  await live(1);
  await retry(async () => assert.equal(vite.ws.clients.size, 1), "the page to connect for hot updates");
  const before = await locks();

  for (const edition of [2, 3]) {
    await put("client.js", client(server.url, edition));
    // In the place of the watcher, which may miss a change that comes soon after another.
    const { moduleGraph } = vite.environments.client;
    await vite.environments.client.reloadModule(await moduleGraph.getModuleByUrl("/client.js"));
    await live(edition);
  }
  const states = await page.evaluate(() => clients.map((client) => client.connection()).map(({ state, persisted }) => `${state} ${persisted}`));
  assert.deepEqual(states, ["offline true", "offline true", "live true"]);
  await retry(async () => assert.equal(await locks(), before), "the locks of those before");
  await retry(async () => assert.equal(sockets.filter((socket) => !socket.isClosed()).length, 1), "their sockets to be closed");
  // A connection that is still there would hold this up.
  const deleted = page.evaluate(async () => {
    clients.at(-1).close();
    const [{ name }] = await indexedDB.databases();
    return new Promise((done) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: () => done("deleted"), onblocked: () => done("blocked") }));
  });
  assert.equal(await deleted, "deleted");
});
