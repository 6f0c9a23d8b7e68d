// PostgreSQL and the server as `docker compose up` brings them up, from outside. The tests follow on one another.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checks, compose, container, exec, firstHealthy, healthy, inspect, logs, password, refusal, samplePassword, until } from "./engine.js";
import { coach, collections, get, hasWebApp, knock, open, writeUntilLost } from "./page.js";

const url = `http://127.0.0.1:${process.env.ROWCAST_PORT}`;

async function up() {
  await compose("up", "-d", "--no-build");
  const id = await container("rowcast");
  await healthy(id);
  return id;
}

test("services become healthy, the server after the database", async (t) => {
  const began = Date.now();
  const server = await inspect(await up());
  t.diagnostic(`up and healthy in ${Date.now() - began} ms`);
  const database = await inspect(await container("database"));

  assert.equal(database.State.Health.Status, "healthy");
  const becameHealthy = await firstHealthy(database);
  assert.ok(new Date(server.State.StartedAt) >= becameHealthy, "started before the database was healthy");
  assert.equal(server.RestartCount, 0);
  assert.equal((await get(url, "/readyz"))[0], 200);
});

test("server is reachable from this machine only, database from none", async () => {
  const { HostConfig: server } = await inspect(await container("rowcast"));
  const { HostConfig: database } = await inspect(await container("database"));
  assert.deepEqual(server.PortBindings, { "5555/tcp": [{ HostIp: "127.0.0.1", HostPort: process.env.ROWCAST_PORT }] });
  assert.deepEqual(database.PortBindings ?? {}, {});
});

test("server runs with minimal privileges", async () => {
  const id = await container("rowcast");
  assert.equal(await exec(id, "id", "-u"), "10001");
  assert.match(await refusal(id, "touch", "/data/x"), /Read-only file system/);
  assert.match(await exec(id, "cat", "/proc/1/status"), /^CapBnd:\s+0+\n[^]*^NoNewPrivs:\s+1$/m);
  assert.deepEqual((await inspect(id)).Mounts, []);
});

test("container metadata contains no secret except the database password", async () => {
  const { Config } = await inspect(await container("rowcast"));
  const told = Config.Env.filter((one) => one.includes(password) || /PASS|SECRET|TOKEN|KEY/i.test(one));
  assert.deepEqual(told, [`PGPASSWORD=${password}`]);
});

test("a client receives the sample data, signs in, and receives another client's write", async (t) => {
  const [mine, other] = [open(t, url), open(t, url)];
  await Promise.all([mine.waitFor("the gym"), other.waitFor("the gym")]);
  assert.deepEqual(collections.map((name) => mine.store[name].length), [5, 3, 6, 36]);

  const known = await mine.request("login", { username: "mara", password: "mara_password" });
  assert.deepEqual(Object.keys(known.errors).sort(), ["password", "username"]);
  const made = await samplePassword(await container("rowcast"));
  const login = await mine.request("login", { username: "mara", password: made });
  assert.deepEqual([login.ok, login.user.username], [true, "mara"]);

  const { ok, data } = await mine.request("new_coach", coach("Ada"));
  assert.ok(ok);
  assert.deepEqual(mine.store.coaches.at(-1), data, "in the writer's page before the ack");
  await other.waitFor("the new coach", ({ coaches }) => coaches.some(({ id }) => id === data.id));
});

test("GET / serves the web app", () => hasWebApp(url));

test("a foreign origin is refused, whatever the host name", async () => {
  assert.equal(await knock(url, "http://evil.example"), 403);
  assert.equal(await knock(url, "http://evil.example:5555", "evil.example:5555"), 403);
  assert.equal(await knock(url, "http://localhost:5173"), 101);
});

test("a write during a database outage is answered, and carried out afterwards", async (t) => {
  const id = await container("rowcast");
  const page = open(t, url);
  await page.waitFor("the gym");
  await compose("stop", "database");

  const { ok, errors } = await page.request("new_coach", coach("Nobody"));
  assert.deepEqual([ok, Object.keys(errors)], [false, ["$unavailable"]]);
  assert.equal((await get(url, "/readyz"))[0], 503);
  assert.equal(await checks(id), false, "the health check has to see it");

  await compose("start", "database");
  await until("the server to be ready", async () => (await get(url, "/readyz"))[0] === 200);
  assert.equal(await checks(id), true);
  assert.deepEqual((await page.request("new_coach", coach("Grace"))).errors, {});
  assert.ok(page.socket.connected && !page.names().includes("Nobody"));
});

test("stop shuts down in order, and start continues with the data", async (t) => {
  const id = await container("rowcast");
  const page = open(t, url);
  await page.waitFor("the gym");
  const before = structuredClone(page.store);

  const began = Date.now();
  await compose("stop", "rowcast");
  const took = Date.now() - began;
  t.diagnostic(`stopped in ${took} ms`);
  const { ExitCode, Running } = (await inspect(id)).State;
  assert.deepEqual([ExitCode, Running], [0, false]);
  assert.ok(took < 10_000, `took ${took} ms`);

  await compose("stop");
  await compose("start");
  await healthy(id);
  await page.waitFor("the gym");
  assert.deepEqual(page.store, before);
});

test("data survives down and up", async (t) => {
  const page = open(t, url);
  await page.waitFor("the gym");
  const before = structuredClone(page.store);
  await compose("down");
  await up();
  await page.waitFor("the gym");
  assert.deepEqual(page.store, before);
});

for (const killed of [["rowcast"], ["rowcast", "database"]]) {
  test(`acked writes survive SIGKILL of ${killed.join(" and ")}`, async (t) => {
    const id = await container("rowcast");
    const page = open(t, url);
    await page.waitFor("the gym");
    const acked = await writeUntilLost(page, killed.length, () => compose("kill", "-s", "KILL", ...killed));
    t.diagnostic(`${acked.length} acked`);
    assert.equal((await inspect(id)).State.ExitCode, 137);

    await up();
    await page.waitFor("the gym");
    const names = new Set(page.names());
    assert.equal(names.size, page.store.coaches.length, "none twice");
    assert.deepEqual(acked.filter((name) => !names.has(name)), []);
    assert.deepEqual((await page.request("new_coach", coach(`After ${killed.length}`))).errors, {});
  });
}

test("log lines are JSON, and standard output has only the address", async () => {
  const [out, log] = await logs(await container("rowcast"));
  // One for each time it was started.
  assert.deepEqual([...new Set(out)], ["planner is listening on http://0.0.0.0:5555"]);
  assert.ok(log.length > 0);
  for (const line of log) assert.doesNotThrow(() => JSON.parse(line), line);
  assert.ok(!log.join().includes(password));
});
