// A project from `rowcast init`, and `rowcast dev` while its files change.

import assert from "node:assert/strict";
import { appendFile, readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nextEvent, openSocket, pollUntil, waitForSocket } from "@rowcast/test-support";
import { axePath, launchBrowser } from "@rowcast/test-support/browser";
import { onBoth, sqlite } from "./databases.js";
import { endsEarly, launch, makeFolder, run, start } from "./program.js";

const axe = await readFile(axePath, "utf8");

async function makeProject(t, { folder, database } = {}) {
  folder ??= await makeFolder(t);
  assert.equal((await run(folder, "init", ".")).code, 0);
  const on = database ? ["--database-url", database.url] : [];
  const write = (path, text) => writeFile(join(folder, path), text);
  const types = () => readFile(join(folder, "src/schema.ts"), "utf8").catch(() => "");
  const dev = (...args) => start(t, folder, "dev", "--types", "src/schema.ts", ...on, ...args);
  return { folder, on, write, types, dev };
}

// A stock client with the rows as they were last sent.
async function openStore(server) {
  const { socket, request } = server.open();
  const store = { tasks: undefined };
  socket.on("tasks", (rows) => (store.tasks = rows));
  const waitFor = (what, condition) => waitForSocket(socket, () => store.tasks && condition(store.tasks), what);
  await waitFor("the first rows", () => true);
  return { socket, request, store, waitFor };
}

test("page of a new project shows in two windows what either and another program writes", async (t) => {
  const project = await makeProject(t);
  const server = await project.dev();
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const faults = [];
  const windows = [];
  for (let opened = 0; opened < 2; opened++) {
    const page = await (await browser.newContext()).newPage();
    for (const event of ["pageerror", "requestfailed"]) page.on(event, (fault) => faults.push(fault));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
    await page.goto(server.url);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    windows.push(page);
  }
  const [mine, other] = windows;
  const item = (page, hasText) => page.getByRole("listitem").filter({ hasText });

  await mine.getByLabel("New task").fill("Write a test");
  await mine.getByRole("button", { name: "Add" }).click();
  for (const page of windows) await item(page, "Write a test").waitFor();
  assert.equal(await mine.getByLabel("New task").inputValue(), "");

  await other.getByLabel("Write a test", { exact: true }).check();
  await mine.getByRole("checkbox", { name: "Write a test", checked: true }).waitFor();
  assert.equal(await other.evaluate(() => document.activeElement.type), "checkbox", "the focus stays where it was");

  await sqlite(project.folder).execute("insert into tasks (id, title) values ('elsewhere', '<b>Another program</b>')");
  for (const page of windows) await item(page, "<b>Another program</b>").waitFor();
  assert.deepEqual(await mine.getByRole("listitem").getByRole("checkbox").count(), 2);

  await sqlite(project.folder).execute(`create trigger stay before update on tasks when new.id = 'elsewhere'
    begin select raise(abort, 'This one stays as it is'); end`);
  await item(mine, "<b>Another program</b>").getByRole("checkbox").click();
  await mine.getByRole("alert").filter({ hasText: "This one stays as it is" }).waitFor();
  await mine.getByRole("checkbox", { name: "<b>Another program</b>", checked: false }).waitFor();

  for (const page of windows) {
    const { violations } = await page.evaluate(`${axe}; axe.run()`);
    assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]), []);
  }
  await mine.getByRole("button", { name: "Delete Write a test" }).click();
  for (const page of windows) await item(page, "Write a test").waitFor({ state: "detached" });

  await mine.getByRole("button", { name: "Add" }).click();
  await mine.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  assert.equal(await mine.getByRole("listitem").count(), 1);
  assert.deepEqual(faults, []);

  assert.equal(await server.stop(), 0);
  await mine.getByRole("status").filter({ hasText: "Not connected" }).waitFor();
  await server.start();
  for (const page of windows) await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
});

onBoth((kind, make) => {
  test(`new migration is applied to rows, types and connected clients: ${kind}`, async (t) => {
    const project = await makeProject(t, await make(t));
    const server = await project.dev();
    const { socket, request, store, waitFor } = await openStore(server);
    assert.ok((await request("new_task", { id: "a", title: "Write" })).ok);
    await waitFor("the task", (tasks) => tasks.length === 1);
    const first = await pollUntil("the types", project.types);
    assert.ok(!first.includes("priority"));

    const announced = nextEvent(socket, "schema");
    await project.write("migrations/0002_priority.sql", "alter table tasks add column priority integer not null default 3;");
    const hashes = await announced;
    assert.equal(typeof hashes.collections.tasks, "string");
    assert.ok(!first.includes(hashes.collections.tasks));
    await waitFor("the column", ([task]) => task.priority === 3);
    const { id, title, done, priority } = store.tasks[0];
    assert.deepEqual({ id, title, done, priority }, { id: "a", title: "Write", done: false, priority: 3 });
    const second = await pollUntil("the new types", async () => (await project.types()).includes("priority") && project.types());
    assert.match(second, /^ {2}priority: number;$/m);
    assert.ok(second.includes(hashes.collections.tasks), "the announced hash is that of the types");
    assert.deepEqual((await readdir(join(project.folder, "src"))), ["schema.ts"]);

    // The same connection goes on.
    assert.equal((await request("update_task", { id: "a", priority: 1 })).data.priority, 1);
    await waitFor("the update", ([task]) => task.priority === 1);

    const again = nextEvent(socket, "schema");
    await project.write("migrations/0003_lists.sql", "create table lists (list_id text primary key, name text not null);");
    assert.ok("lists" in (await again).collections);
    assert.ok((await request("new_list", { list_id: "home", name: "Home" })).ok);
    assert.equal(await server.stop(), 0);
  });

  test(`migration that was changed after it was applied is refused by name, and --reset starts anew: ${kind}`, async (t) => {
    const project = await makeProject(t, await make(t));
    const server = await project.dev();
    const { request } = await openStore(server);
    assert.ok((await request("new_task", { id: "a", title: "Old" })).ok);
    await appendFile(join(project.folder, "migrations/0001_tasks.sql"), "-- Another line.\n");
    await server.line(/0001_tasks\.sql.*after it was applied/);
    await server.line(/--reset/);
    assert.ok((await request("get_task", { id: "a" })).ok, "the server goes on");
    assert.equal(await server.stop(), 0);

    const refused = await run(project.folder, "serve", "--bind", "127.0.0.1:0", ...project.on);
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /0001_tasks\.sql.*after it was applied/);

    const anew = await project.dev("--reset");
    const fresh = await openStore(anew);
    assert.deepEqual(fresh.store.tasks, []);
    assert.ok((await fresh.request("new_task", { id: "a", title: "New" })).ok);
    assert.equal(await anew.stop(), 0);
  });
});

test("mistakes are printed with file and line while the server goes on", async (t) => {
  const project = await makeProject(t);
  const server = await project.dev();
  const { request, waitFor } = await openStore(server);
  const goesOn = async (id) => {
    assert.ok((await request("new_task", { id, title: `Task ${id}` })).ok);
    await waitFor(`task ${id}`, (tasks) => tasks.some((task) => task.id === id));
  };

  await project.write("migrations/0002_notes.sql", "-- Notes.\n\nalter table tasks add column first text;\nalter table taks add column note text;\n");
  assert.match(await server.line(/^migrations/), /^migrations\/0002_notes\.sql:4: .*taks/);
  await goesOn("a");
  await project.write("migrations/0002_notes.sql", "alter table tasks add column note text;\n");
  await server.line(/^the files were applied$/);
  assert.equal((await request("update_task", { id: "a", note: "Mended" })).data.note, "Mended");

  await project.write("rowcast.toml", '# Settings.\n[collections.tasks]\nhiden = ["note"]\n');
  assert.match(await server.line(/^rowcast\.toml/), /^rowcast\.toml:3: .*`hiden`.*`hidden`/);
  await goesOn("b");
  await project.write("rowcast.toml", '[collections.tasks]\nhidden = ["nte"]\n');
  assert.match(await server.line(/^rowcast\.toml/), /^rowcast\.toml:2: .*`nte`.*`note`/);
  await goesOn("c");
  await project.write("rowcast.toml", '[collections.tasks]\nhidden = ["note"]\n');
  await server.line(/^the files were applied$/);
  await waitFor("the column to be hidden", (tasks) => tasks.every((task) => !("note" in task)));

  await project.write("rowcast.toml", '[server]\nbase_path = "/tasks"\n');
  await server.line(/^\[server\].*start `dev` again/);
  await server.line(/^the files were applied$/);
  await goesOn("d");
  assert.equal(await server.stop(), 0);
});

test("dev starts once a mistake is mended, and SIGTERM ends it with 0 before and after", async (t) => {
  const project = await makeProject(t);
  const first = await readFile(join(project.folder, "migrations/0001_tasks.sql"), "utf8");
  const begin = () => launch(project.folder, "dev", "--bind", "127.0.0.1:0");

  await project.write("migrations/0001_tasks.sql", first.replace("create table", "create tabel"));
  const never = begin();
  await never.line(/^migrations\/0001_tasks\.sql:4: /);
  await never.line(/^waiting for a change$/);
  assert.equal(await never.stop(), 0);

  const late = begin();
  await late.line(/^waiting for a change$/);
  await project.write("migrations/0001_tasks.sql", first);
  await late.line(/ is listening on /);
  await project.write("rowcast.toml", "nonsense\n");
  await late.line(/^rowcast\.toml:1: /);
  await late.line(/^waiting for a change$/);
  assert.equal(await late.stop(), 0);
});

test("dev shows mistakes of rowcast.toml at the start, and follows its settings once they are mended", async (t) => {
  const project = await makeProject(t);
  await project.write("rowcast.toml", '[server]\nbnd = "127.0.0.1:0"\n');
  const dev = launch(project.folder, "dev");
  assert.match(await dev.line(/^rowcast\.toml/), /^rowcast\.toml:2: .*`bnd`.*`bind`/);
  await dev.line(/^waiting for a change$/);
  await project.write("rowcast.toml", '[server]\nbind = "127.0.0.1:0"\nbase_path = "/mended"\n');
  await dev.line(/ is listening on .*\/mended\/$/);
  assert.equal(await dev.stop(), 0);

  await project.write("rowcast.toml", "nonsense\n");
  const never = launch(project.folder, "dev");
  await never.line(/^waiting for a change$/);
  assert.equal(await never.stop(), 0);
});

test("dev starts by itself once its port is free", async (t) => {
  const project = await makeProject(t);
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  const port = await pollUntil("the port", () => other.address()?.port);
  const dev = launch(project.folder, "dev", "--bind", `127.0.0.1:${port}`);
  await dev.line(/^--bind: .* cannot be listened on/);
  await dev.line(/^trying again every 2 seconds$/);
  await sleep(5000);
  assert.ok(!(await readdir(project.folder)).includes("rowcast.db"), "an attempt that fails changes nothing");
  other.close();
  // It has said so once.
  assert.match(await dev.line(/./), / is listening on /);
  assert.equal(dev.log(), "");
  assert.equal(await dev.stop(), 0);
});

onBoth((kind, make) => {
  test(`dev starts by itself once its database is attached: ${kind}`, async (t) => {
    const { folder, database } = await make(t);
    await database.execute("create table notes (id integer not null primary key, title text not null)");
    const dev = launch(folder, "dev", "--bind", "127.0.0.1:0", "--database-url", database.url);
    await dev.line(/`rowcast attach URL`/);
    await dev.line(/^trying again every 2 seconds$/);
    assert.equal((await run(folder, "attach", database.url)).code, 0);
    await dev.line(/ is listening on /);
    assert.equal(await dev.stop(), 0);
  });
});

test("a folder without a project is said to be none, with what is served", async (t) => {
  const folder = await makeFolder(t);
  const remark = async (command) => {
    const server = launch(folder, command, "--bind", "127.0.0.1:0");
    await server.line(/ is listening on /);
    const line = await server.line(/./);
    assert.equal(await server.stop(), 0);
    return line;
  };
  const where = "no rowcast.toml and no migrations are here";
  const init = "`rowcast init .` makes a project here";
  for (const command of ["dev", "serve"])
    assert.equal(await remark(command), `${where}: sqlite://rowcast.db is served, which has no tables. ${init}`);
  await sqlite(folder).execute("create table notes (id integer primary key); create table tags (id integer primary key)");
  assert.equal(await remark("serve"), `${where}: the 2 tables of sqlite://rowcast.db are served. ${init}`);

  const dev = launch(folder, "dev", "--bind", "127.0.0.1:0");
  await dev.line(/the 2 tables/);
  assert.equal((await run(folder, "init", ".")).code, 0);
  await dev.line(/^the files were applied$/);
  assert.equal(await dev.stop(), 0);
  const server = launch(folder, "serve", "--bind", "127.0.0.1:0");
  await server.line(/ is listening on /);
  assert.equal(await server.stop(), 0);
  await assert.rejects(server.line(/./), "with a project nothing is said");
});

test("a second server on a file of SQLite names the first, and both follow each other", async (t) => {
  const project = await makeProject(t);
  const first = await project.dev();
  const one = await openStore(first);
  const second = launch(project.folder, "dev", "--bind", "127.0.0.1:0");
  const url = (await second.line(/ is listening on /)).split(" ").at(-1);
  assert.match(await pollUntil("the warning", second.log), /^[^\n]* WARN [^\n]*another process of this program has the database file open[^\n]*rowcast \(\d+\)[^\n]*\n$/);
  const two = await openStore({ open: () => openSocket(t, url) });
  assert.ok((await one.request("new_task", { id: "a", title: "Through the first" })).ok);
  assert.ok((await two.request("new_task", { id: "b", title: "Through the second" })).ok);
  for (const { waitFor } of [one, two]) await waitFor("both tasks", (tasks) => tasks.length === 2);
  await project.write("migrations/0002_priority.sql", "alter table tasks add column priority integer not null default 3;");
  for (const { waitFor } of [one, two]) await waitFor("the column", (tasks) => tasks.every((task) => task.priority === 3));
  assert.equal(await first.stop(), 0);
  assert.ok((await two.request("new_task", { id: "c", title: "Alone" })).ok);
  assert.equal(await second.stop(), 0);
});

test("refusals name the event and the columns that a client probably meant", async (t) => {
  const project = await makeProject(t);
  await project.write("migrations/0002_employees.sql", "create table employees (id integer primary key);");
  const server = await project.dev();
  const { request } = await openStore(server);
  const meant = { create_task: "new_task", addTask: "new_task", set_task: "update_task", "tasks:remove": "delete_task", all_tasks: "list_tasks",
    create_employees: "new_employee", new_taks: "new_task" };
  for (const [event, known] of Object.entries(meant))
    assert.deepEqual((await request(event, {})).errors, { $unknown_event: `no such event; did you mean ${known}?` });
  for (const event of ["create_nothing", "create"]) assert.deepEqual((await request(event, {})).errors, { $unknown_event: "no such event" });
  assert.deepEqual((await request("list_tasks", { where: 1, sort: "title desc" })).errors, {
    where: 'must be an object, like {"id":{"ne":null}}',
    sort: "must be column names with commas between, like id,-title",
  });
  assert.ok((await request("list_tasks", { where: { id: { ne: null } }, sort: "id,-title" })).ok);
  const { out } = await run(project.folder, "schema", "asyncapi");
  for (const sentence of ["Makes an employee.", "Deletes an employee.", "Makes a task."]) assert.ok(out.includes(sentence), sentence);
  assert.equal(await server.stop(), 0);
});

test("output to a program that has read enough ends without an error", async (t) => {
  const folder = await makeFolder(t);
  const columns = Array.from({ length: 90 }, (_, at) => `a_column_with_a_long_name_${at} integer`).join();
  const tables = Array.from({ length: 30 }, (_, at) => `create table t${at} (id integer primary key, ${columns})`).join(";");
  await sqlite(folder).execute(tables);
  const url = sqlite(folder).url;
  for (const command of [["attach", "--dry-run", url], ["schema", "typescript", "--database-url", url]])
    assert.deepEqual(await endsEarly(folder, ...command), { code: 0, err: "" }, command[0]);
});

test("table that is not live is sent to no client, but once without rows to those that have some", async (t) => {
  const project = await makeProject(t);
  const listed = () => project.write("rowcast.toml", "[collections.notes]\nlive = false\n");
  await project.write("migrations/0002_notes.sql", "create table notes (id integer primary key); insert into notes values (7);");
  await listed();
  const server = await project.dev();
  // All that a client receives of notes.
  function follow(options) {
    const { socket, request } = server.open(options);
    const received = [];
    socket.on("notes", (rows) => received.push(rows.map(({ id }) => id)));
    socket.on("changes", ({ notes }) => notes && received.push([notes.upserted.map(({ id }) => id), notes.deleted]));
    return { socket, request, received };
  }
  const clients = [follow(), follow({ auth: { live: "changes" } })];
  await Promise.all(clients.map(({ socket }) => nextEvent(socket, "tasks")));
  assert.ok((await clients[0].request("new_note", { id: 8 })).ok);
  assert.deepEqual(clients.map(({ received }) => received), [[], []]);

  let announced = Promise.all(clients.map(({ socket }) => nextEvent(socket, "schema")));
  await project.write("rowcast.toml", "");
  await announced;
  announced = Promise.all(clients.map(({ socket }) => nextEvent(socket, "schema")));
  await listed();
  await announced;
  const later = follow();
  await nextEvent(later.socket, "tasks");
  assert.ok((await later.request("new_note", { id: 9 })).ok);
  assert.deepEqual((await later.request("list_notes", {})).data.rows.map(({ id }) => id), [7, 8, 9]);
  assert.deepEqual(clients.map(({ received }) => received), [[[7, 8], []], [[[7, 8], []], [[], [7, 8]]]]);
  assert.deepEqual(later.received, []);
  assert.equal(await server.stop(), 0);
});

test("init overwrites no file, and writes none if one is there", async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, "README.md"), "Mine.\n");
  const { code, out, err } = await run(folder, "init", ".");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /`README\.md`/);
  assert.deepEqual(await readdir(folder), ["README.md"]);
  assert.equal(await readFile(join(folder, "README.md"), "utf8"), "Mine.\n");
  // Beside what is not in the way.
  await writeFile(join(folder, "package.json"), "{}");
  const made = await run(folder, "init", "new");
  assert.deepEqual([made.code, made.out.split("\n").at(-2)], [0, "now: cd new && rowcast dev"]);
  assert.equal((await run(await makeFolder(t), "init", "./")).out.split("\n").at(-2), "now: rowcast dev");
  assert.ok((await readdir(join(folder, "new"))).includes("rowcast.toml"));
});
