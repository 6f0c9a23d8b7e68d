// The same image without compose: embedded SQLite in a volume.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { checks, docker, exec, healthy, inspect, logs, project, samplePassword } from "./engine.js";
import { coach, collections, get, hasWebApp, knock, open, writeUntilLost } from "./page.js";

const image = process.env.ROWCAST_IMAGE;
const name = `${project}-sqlite`;
const volume = `${project}-sqlite`;

async function start(...options) {
  const settings = ["-v", `${volume}:/data`, "-e", "ROWCAST_ACCESS=open", "-p", "127.0.0.1::5555"];
  await docker("run", "-d", "--name", name, ...settings, ...options, image);
  await healthy(name);
}
const url = async () => `http://${await docker("port", name, "5555/tcp")}`;

test("default access mode of the image is members", async (t) => {
  t.after(() => docker("rm", "--force", name));
  await docker("run", "-d", "--name", name, "-p", "127.0.0.1::5555", image);
  await healthy(name);
  const page = open(t, await url());
  const [greeting] = await once(page.socket, "connected");
  assert.equal(greeting.access, "members");
  assert.deepEqual(Object.keys((await page.request("list_coaches")).errors), ["$unauthorized"]);
  assert.deepEqual(page.store, {});
  const password = await samplePassword(name);
  assert.deepEqual((await page.request("login", { username: "mara", password })).errors, {});
  await page.waitFor("the gym");
});

test("a new volume is owned by the server's user and gets the sample data", async (t) => {
  const began = Date.now();
  await start();
  t.diagnostic(`healthy in ${Date.now() - began} ms`);
  const page = open(t, await url());
  await page.waitFor("the gym");
  assert.deepEqual(collections.map((each) => page.store[each].length), [5, 3, 6, 36]);
  assert.equal(await exec(name, "stat", "-c", "%u", "/data", "/data/rowcast.db"), "10001\n10001");
  assert.equal(await exec(name, "id", "-u"), "10001");
  assert.equal(await docker("diff", name), "");
  assert.equal(await checks(name), true);
});

test("GET / serves the web app", async () => hasWebApp(await url()));

test("a foreign origin is refused, whatever the host name", async () => {
  const at = await url();
  assert.equal(await knock(at, "http://evil.example"), 403);
  assert.equal(await knock(at, "http://evil.example:5555", "evil.example:5555"), 403);
  assert.equal(await knock(at, "http://localhost:5173"), 101);
});

test("acked writes survive SIGKILL and removal of the container", async (t) => {
  const before = open(t, await url());
  await before.waitFor("the gym");
  const acked = await writeUntilLost(before, "Lost", () => docker("kill", name));
  t.diagnostic(`${acked.length} acked`);
  assert.equal((await inspect(name)).State.ExitCode, 137);
  before.socket.disconnect();
  await docker("rm", name);

  await start("--read-only", "--cap-drop", "ALL");
  const after = open(t, await url());
  await after.waitFor("the gym");
  const names = new Set(after.names());
  assert.deepEqual(acked.filter((one) => !names.has(one)), []);
  assert.deepEqual((await after.request("new_coach", coach("After"))).errors, {});
  assert.equal((await get(await url(), "/readyz"))[0], 200);
});

test("the container stops in order, and its log is JSON", async () => {
  const began = Date.now();
  await docker("stop", "--time", "15", name);
  assert.equal((await inspect(name)).State.ExitCode, 0);
  assert.ok(Date.now() - began < 10_000);
  const [, log] = await logs(name);
  assert.ok(log.length > 0);
  for (const line of log) assert.doesNotThrow(() => JSON.parse(line), line);
});
