// A database that other programs made: attached, served to stock clients, and detached.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { nextEvent, waitForSocket } from "@rowcast/test-support";
import { onBoth } from "./databases.js";
import { run, start } from "./program.js";

const tables = `
create table customers (customer_id varchar(5) not null primary key, company varchar(40) not null);
create table order_lines (
    order_id integer not null, product_id integer not null, customer_id varchar(5) not null references customers,
    quantity integer not null default 1 check (quantity > 0),
    primary key (order_id, product_id)
);
create view companies as select company from customers;
insert into customers values ('ALFKI', 'Alfreds'), ('BOLID', 'Bólido');
insert into order_lines values (10248, 11, 'ALFKI', 12);`;

// What attaching has created: tables, and triggers on the tables of others.
const counts = {
  sqlite: [
    "select count(*) from sqlite_master where type = 'table' and name like 'rowcast_%'",
    "select count(*) from sqlite_master where type = 'trigger' and tbl_name not like 'rowcast_%'",
  ],
  postgres: [
    "select count(*) from pg_tables where schemaname = 'rowcast'",
    "select count(*) from pg_trigger where tgrelid in ('customers'::regclass, 'order_lines'::regclass) and not tgisinternal",
  ],
};

// A URL as messages have it.
const shown = (url) => url.replace(/\/\/[^/@]*@/, "//");

onBoth((kind, make) => {
  test(`a database with tables is attached, served and detached: ${kind}`, async (t) => {
    const { folder, database } = await make(t);
    const rowcast = (...args) => run(folder, ...args);
    await database.execute(tables);
    const before = await database.schema();
    const isRefused = async () => {
      const { code, out, err } = await rowcast("serve", "--bind", "127.0.0.1:0", "--database-url", database.url);
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, /`rowcast attach URL --dry-run`.*`rowcast attach URL`/);
      assert.deepEqual(await database.schema(), before);
    };
    await isRefused();

    const plan = await rowcast("attach", "--dry-run", database.url);
    assert.deepEqual([plan.code, plan.err], [0, ""]);
    assert.match(plan.out, /create trigger .* on .*customers/i);
    assert.deepEqual(await database.schema(), before, "a dry run changes nothing");
    assert.deepEqual((await rowcast("detach", database.url)), { code: 0, out: `nothing was attached to ${shown(database.url)}, so nothing was removed\n`, err: "" });
    assert.deepEqual(await database.schema(), before);

    for (const times of ["once", "twice"]) assert.equal((await rowcast("attach", database.url)).code, 0, times);
    const [made, triggers] = await Promise.all(counts[kind].map(async (sql) => Number(await database.read(sql))));
    const schema = kind === "postgres" ? "in the schema rowcast" : "with the prefix rowcast_";
    const sum = `-- Attaching creates ${made} tables ${schema} and ${triggers} triggers on 2 tables of yours.`;
    assert.equal(plan.out.split("\n")[0], sum);
    assert.deepEqual(await database.read("select * from customers order by 1"), ["ALFKI|Alfreds", "BOLID|Bólido"]);
    const server = await start(t, folder, "serve", "--database-url", database.url);
    await t.test("stock clients read, write and follow it", () => serves(server, database));
    assert.equal(await server.stop(), 0);

    const attached = await database.schema();
    const removal = await rowcast("detach", "--dry-run", database.url);
    assert.deepEqual([removal.code, removal.err], [0, ""]);
    assert.match(removal.out, /^drop /im);
    assert.deepEqual(await database.schema(), attached, "a dry run changes nothing");
    assert.equal((await rowcast("detach", database.url)).code, 0);
    assert.deepEqual(await database.schema(), before, "no trace is left");
    assert.deepEqual(await database.read("select * from customers order by 1"), ["ALFKI|Futterkiste", "CONSH|Holdings"]);
    await isRefused();
  });
});

onBoth((kind, make) => {
  test(`attach names what clients cannot do with a table, and serves the others: ${kind}`, async (t) => {
    const { folder, database } = await make(t);
    await database.execute(`create table changes (id integer primary key);
      create table notes (id integer not null primary key, title text not null, author text not null default 'me')`);
    await writeFile(join(folder, "rowcast.toml"), '[collections.notes]\nhidden = ["title", "author"]\n');
    const { code, out, err } = await run(folder, "attach", database.url);
    assert.equal(code, 0, err);
    assert.match(out + err, /changes: left out, because clients know an event called changes/);
    assert.match(out + err, /notes: new_note fails unless a trigger sets the column title/);
    assert.doesNotMatch(out + err, /column author/, "it has a default");
    const server = await start(t, folder, "serve", "--database-url", database.url);
    const { request } = server.open();
    assert.deepEqual((await request("list_notes", {})).data.rows, []);
    assert.deepEqual(Object.keys((await request("list_changes", {})).errors), ["$unknown_event"]);
    assert.equal(await server.stop(), 0);
  });
});

onBoth((kind, make) => {
  test(`a server whose database is detached goes on once it is attached again: ${kind}`, async (t) => {
    const { folder, database } = await make(t);
    await database.execute(tables);
    assert.equal((await run(folder, "attach", database.url)).code, 0);
    const server = await start(t, folder, "serve", "--database-url", database.url);
    const { request } = server.open();
    const write = (company) => request("new_customer", { customer_id: company.slice(0, 5), company });
    assert.equal((await write("Consolidated")).ok, true);
    assert.equal((await run(folder, "detach", database.url)).code, 0);
    // SQLite writes the row, and the ack waits in vain for its entry in the change log.
    const { ok, errors } = await write("Eastern");
    if (kind === "postgres") assert.deepEqual(Object.keys(errors), ["$unavailable"]);
    else assert.equal(ok, true);
    assert.equal((await run(folder, "attach", database.url)).code, 0);
    for (let ack; !ack?.ok; ) ack = await write("France");
    assert.equal(await server.stop(), 0);
  });
});

onBoth((kind, make) => {
  if (kind === "sqlite") return;
  test("a database of PostgreSQL that does not exist is named, with what makes it", async (t) => {
    const { folder, database } = await make(t);
    const url = new URL(database.url);
    url.pathname = "no_database";
    for (const command of [["attach", url.href], ["detach", url.href], ["serve", "--database-url", url.href]]) {
      const { code, err } = await run(folder, ...command);
      assert.equal(code, 1);
      assert.match(err, /\/no_database does not exist: make it by `create database "no_database"` in psql/);
    }
  });
});

async function serves(server, database) {
  const { socket, request } = server.open();
  const store = {};
  for (const name of ["customers", "order_lines"]) socket.on(name, (rows) => (store[name] = rows));
  const waitFor = (what, condition) => waitForSocket(socket, () => store.customers && store.order_lines && condition(store), what);
  await waitFor("the rows", ({ customers }) => customers.length === 2);
  const [{ version, ...line }] = store.order_lines;
  assert.deepEqual(line, { order_id: 10248, product_id: 11, customer_id: "ALFKI", quantity: 12 });
  const listed = await request("list_companies", { sort: "company" });
  assert.deepEqual(listed.data.rows, [{ company: "Alfreds" }, { company: "Bólido" }]);

  const changes = server.open({ auth: { live: "changes" } }).socket;
  await Promise.all([nextEvent(changes, "customers"), nextEvent(changes, "order_lines")]);

  // What is wrong is said by column, all at once.
  const wrong = await request("new_order_line", { order_id: 10248, product_id: 12, customer_id: "NOBOD", quantity: 0 });
  assert.deepEqual([wrong.ok, wrong.data, Object.keys(wrong.errors).sort()], [false, null, ["customer_id", "quantity"]]);
  const used = await request("delete_customer", { customer_id: "ALFKI" });
  assert.deepEqual([used.ok, Object.keys(used.errors)], [false, ["$in_use"]]);

  let change = nextEvent(changes, "changes");
  const created = await request("new_order_line", { order_id: 10248, product_id: 12, customer_id: "BOLID" });
  assert.deepEqual([created.ok, created.data.quantity], [true, 1]);
  assert.deepEqual((await change).order_lines.upserted, [created.data]);
  await waitFor("the line", ({ order_lines }) => order_lines.length === 2);

  change = nextEvent(changes, "changes");
  await database.execute("update customers set company = 'Futterkiste' where customer_id = 'ALFKI'");
  assert.deepEqual((await change).customers.upserted.map(({ company }) => company), ["Futterkiste"]);
  const stale = await request("update_order_line", { order_id: 10248, product_id: 11, version: `${version}0`, quantity: 2 });
  assert.deepEqual([stale.ok, Object.keys(stale.errors)], [false, ["$conflict"]]);

  change = nextEvent(changes, "changes");
  const deleted = await request("delete_order_line", { order_id: 10248, product_id: 12 });
  assert.deepEqual(deleted.data, { order_id: 10248, product_id: 12 });
  assert.deepEqual((await change).order_lines.deleted, [{ order_id: 10248, product_id: 12 }]);
  change = nextEvent(changes, "changes");
  await database.execute("delete from customers where customer_id = 'BOLID'; insert into customers values ('CONSH', 'Holdings')");
  const last = (await change).customers;
  assert.deepEqual([last.deleted, last.upserted.map((row) => row.customer_id)], [["BOLID"], ["CONSH"]]);
  await waitFor("all of it", ({ customers, order_lines }) => order_lines.length === 1 && customers.some((row) => row.company === "Holdings"));
}
