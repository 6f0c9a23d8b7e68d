// A choice of schemas and tables: by `attach --schema` and `--tables`, which the database remembers, and by rowcast.toml.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { nextEvent, pollUntil } from "@rowcast/test-support";
import { onBoth } from "./databases.js";
import { run, start } from "./program.js";

const tables = `
create table customers (id integer primary key, name varchar(40) not null);
create table orders (id integer primary key, customer_id integer references customers, note varchar(40));
create table order_lines (id integer primary key, order_id integer references orders);
create table notes (id integer primary key, body varchar(40));
insert into customers values (1, 'Ada');
insert into orders values (7, 1, 'first');`;

const triggers = {
  sqlite: "select distinct tbl_name from sqlite_master where type = 'trigger' and name like 'rowcast_log_%_insert' order by 1",
  postgres: `select n.nspname || '.' || c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace where t.tgname like 'rowcast_log_%' order by 1`,
};

// The database with these tables, and what tests ask of it.
async function makeShop(t, kind, make, more = "") {
  const { folder, database } = await make(t);
  await database.execute(tables + more);
  const before = await database.schema();
  const { url } = database;
  const rowcast = (...args) => run(folder, ...args);
  // The lines that it prints.
  async function attach(...options) {
    const { code, out, err } = await rowcast("attach", url, ...options);
    assert.deepEqual([code, err], [0, ""], options.join(" "));
    return out.split("\n").filter(Boolean);
  }
  // The sentence with which it changes nothing.
  async function refused(...args) {
    const unchanged = await database.schema();
    const { code, out, err } = await rowcast(...args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.deepEqual(await database.schema(), unchanged);
    return err;
  }
  return {
    database,
    attach,
    refused: (...options) => refused("attach", url, ...options),
    refusedToServe: () => refused("serve", "--bind", "127.0.0.1:0", "--database-url", url),
    configure: (text) => writeFile(join(folder, "rowcast.toml"), text),
    // The tables with triggers, by their names alone in the usual schema.
    triggered: async () => (await database.read(triggers[kind])).map((table) => table.replace(/^public\./, "")),
    serve: () => start(t, folder, "serve", "--database-url", url),
    // The collections of the generated types.
    async described() {
      const { out } = await rowcast("schema", "typescript", "--database-url", url);
      const [, collections] = out.match(/export interface Collections \{\n([^]*?)\n\}/);
      return [...collections.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    },
    // Removes everything, and checks that.
    async detach() {
      assert.equal((await rowcast("detach", url)).code, 0);
      assert.deepEqual(await database.schema(), before, "no trace is left");
    },
  };
}

async function connect(server) {
  const { socket, request } = server.open({ auth: { live: "changes" } });
  const isEvent = async (event, payload = {}) => !(await request(event, payload)).errors?.$unknown_event;
  const which = async () => {
    const names = ["customers", "notes", "order_lines", "orders"];
    const known = await Promise.all(names.map((name) => isEvent(`list_${name}`)));
    return names.filter((_, at) => known[at]);
  };
  await nextEvent(socket, "connected");
  // The collections of the next schema.
  const schema = async () => Object.keys((await nextEvent(socket, "schema")).collections).filter((name) => name !== "events").sort();
  return { socket, request, which, isEvent, schema };
}

onBoth((kind, make) => {
  test(`chosen tables are served by every later command, and no others: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    const chosen = ["customers", "orders"];
    const plan = await shop.attach("--dry-run", "--tables", "orders,customers");
    assert.match(plan.join("\n"), /create table .*rowcast_choice/);
    assert.doesNotMatch(plan.join("\n"), /on .*(notes|order_lines)/);
    assert.deepEqual(await shop.triggered(), [], "a dry run changes nothing");

    await shop.attach("--tables", "orders,customers");
    assert.deepEqual(await shop.triggered(), chosen);
    const attached = await shop.database.schema();
    assert.match((await shop.attach())[0], /nothing is missing/);
    assert.deepEqual(await shop.database.schema(), attached, "a second time without options changes nothing");
    assert.deepEqual(await shop.described(), chosen);

    const server = await shop.serve();
    const { request, which, socket } = await connect(server);
    assert.deepEqual(await which(), chosen);
    const change = nextEvent(socket, "changes");
    await shop.database.execute("update customers set name = 'Grace'; update notes set body = 'unseen'");
    assert.deepEqual(Object.keys(await change).filter((name) => name !== "cursor"), ["customers"]);
    // A table that comes is no collection: the one that is altered after it is.
    await shop.database.execute("create table parts_of_orders (id integer primary key)");
    await shop.database.execute("alter table orders add column total integer");
    await pollUntil("the new column", async () => "total" in (await request("get_order", { id: 7 })).data);
    assert.ok((await request("list_parts_of_orders", {})).errors.$unknown_event);
    await shop.database.execute("drop table parts_of_orders");
    assert.deepEqual(await shop.triggered(), chosen);
    assert.equal(await server.stop(), 0);

    await shop.database.execute("alter table orders drop column total");
    await shop.detach();
  });

  test(`unknown table is refused with the nearest name: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    const refused = await shop.refused("--tables", "ordes,customers,x");
    assert.match(refused, /no table `ordes`: did you mean `orders`\?\n.*no table `x`\n$/);
    await shop.attach("--tables", "orders");
    await shop.refused("--tables", "Customers");
    assert.deepEqual(await shop.triggered(), ["orders"], "the choice of before stays");
    await shop.detach();
  });

  test(`another choice replaces the first, and reaches a server that runs: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    await shop.attach("--tables", "orders,notes");
    const server = await shop.serve();
    const { which, socket, schema } = await connect(server);
    assert.deepEqual(await which(), ["notes", "orders"]);

    const plan = (await shop.attach("--dry-run", "--tables", "customers,orders")).join("\n");
    assert.match(plan, /^drop (trigger|function) /m);
    assert.match(plan, /create trigger .* on .*customers/);
    const names = [];
    socket.on("changes", ({ customers }) => names.push(...(customers?.upserted ?? []).map(({ name }) => name)));
    const other = schema();
    await shop.attach("--tables", "customers,orders");
    assert.deepEqual(await other, ["customers", "orders"]);
    await pollUntil("the rows", () => names.includes("Ada"));
    assert.deepEqual(await which(), ["customers", "orders"]);
    assert.deepEqual(await shop.triggered(), ["customers", "orders"]);
    await shop.database.execute("update customers set name = 'Grace'");
    await pollUntil("the change", () => names.includes("Grace"));

    const all = schema();
    await shop.attach("--tables", "*");
    assert.deepEqual(await all, ["customers", "notes", "order_lines", "orders"]);
    assert.equal((await shop.triggered()).length, 4);
    assert.equal(await server.stop(), 0);
    await shop.detach();
  });

  test(`client resumes with rows of a table that was not chosen meanwhile: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make, "insert into notes values (1, 'old');");
    await shop.attach("--tables", "orders,notes");
    const server = await shop.serve();
    const { socket } = server.open({ auth: { live: "changes" } });
    const cursor = nextEvent(socket, "changes");
    await shop.database.execute("update orders set note = 'second'");
    const since = (await cursor).cursor;
    socket.disconnect();
    assert.equal(await server.stop(), 0);

    await shop.attach("--tables", "orders");
    await shop.database.execute("delete from notes");
    await shop.attach("--tables", "orders,notes");
    await server.start();
    const resumed = server.open({ auth: { live: "changes", since } }).socket;
    assert.deepEqual(await nextEvent(resumed, "notes"), [], "the whole collection");
    assert.equal(await server.stop(), 0);
    await shop.detach();
  });

  test(`table that a chosen one embeds must be chosen too, and is followed then: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    await shop.configure('[collections.orders]\nembed = { customer = ["name"] }\n[collections.notes]\nsingular = "remark"\n');
    const sentence = /^rowcast: rowcast\.toml:2: `customer` is a row of `customers`, which is not among the tables of `rowcast attach --tables`: /;
    assert.match(await shop.refused("--tables", "orders"), sentence);
    // The file came later.
    await shop.configure("");
    await shop.attach("--tables", "orders");
    await shop.configure('\n[collections.orders.embed]\ncustomer = ["name"]\n');
    const refused = await shop.refusedToServe();
    assert.match(refused, /rowcast\.toml:3: `customer` is a row of `customers`, which is not among/);

    await shop.attach("--tables", "orders,customers");
    const server = await shop.serve();
    const { socket } = server.open({ auth: { live: "changes" } });
    const [order] = await nextEvent(socket, "orders");
    assert.deepEqual(order.customer, { name: "Ada" });
    const change = nextEvent(socket, "changes");
    await shop.database.execute("update customers set name = 'Grace'");
    assert.deepEqual((await change).orders.upserted.map(({ customer }) => customer), [{ name: "Grace" }]);
    assert.equal(await server.stop(), 0);
    await shop.detach();
  });

  test(`include of rowcast.toml precedes the choice, and exclude follows it: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    await shop.attach("--tables", "customers,orders");
    await shop.configure('[collections]\ninclude = ["notes", "order*"]\nexclude = ["*_lines"]\n');
    assert.deepEqual(await shop.described(), ["notes", "orders"]);
    const server = await shop.serve();
    assert.deepEqual(await (await connect(server)).which(), ["notes", "orders"]);
    assert.deepEqual(await shop.triggered(), ["notes", "orders"]);
    assert.equal(await server.stop(), 0);

    assert.match(await shop.refused("--tables", "order_lines"), /`order_lines` is excluded by a pattern of `exclude`/);
    const [remark] = await shop.attach("--tables", "customers");
    assert.match(remark, /^-- rowcast\.toml has `include`, which takes precedence over --tables/);
    assert.deepEqual(await shop.triggered(), ["customers"], "an option precedes the file");

    await shop.configure('[collections]\ninclude = ["order", "nothing*"]\n');
    assert.match(await shop.refusedToServe(), /rowcast\.toml:2: the database has no table `order`: did you mean `orders`\?/);
    await shop.configure("");
    assert.deepEqual(await shop.described(), ["customers"], "without the file, the choice holds");
    await shop.detach();
  });

  test(`chosen table that is dropped is named, and is a collection again when it is made again: ${kind}`, async (t) => {
    const shop = await makeShop(t, kind, make);
    await shop.attach("--tables", "orders,notes");
    await shop.database.execute("drop table notes");
    const [remark] = await shop.attach();
    assert.match(remark, /^-- (public\.)?notes: chosen by `rowcast attach --tables`, and not there: /);
    const server = await shop.serve();
    const { which, isEvent } = await connect(server);
    assert.deepEqual(await which(), ["orders"]);
    await shop.database.execute("create table notes (id integer primary key, body varchar(40))");
    await pollUntil("the table", () => isEvent("list_notes"));
    assert.deepEqual(await shop.triggered(), ["notes", "orders"]);
    assert.equal(await server.stop(), 0);
    await shop.detach();
  });

  if (kind === "sqlite") {
    test("schema of a file of SQLite is refused", async (t) => {
      const shop = await makeShop(t, kind, make);
      assert.match(await shop.refused("--schema", "main"), /SQLite has no schemas: leave --schema out/);
    });
    return;
  }

  const sales = `
create schema sales;
create table sales.orders (id integer primary key);
create table sales.targets (id integer primary key);`;

  test("chosen schemas are served without a setting, and keep their triggers", async (t) => {
    const shop = await makeShop(t, kind, make, sales);
    await shop.configure('[collections."sales.orders"]\nname = "sales_orders"\nsingular = "sales_order"\n');
    assert.match(await shop.refused("--schema", "public,slaes"), /no schema `slaes`: did you mean `sales`\?/);
    await shop.attach("--schema", "public,sales");
    const all = ["customers", "notes", "order_lines", "orders", "sales.orders", "sales.targets"];
    assert.deepEqual(await shop.triggered(), all);
    const server = await shop.serve();
    const { isEvent } = await connect(server);
    assert.ok((await isEvent("list_targets")) && (await isEvent("list_customers")));
    assert.deepEqual(await shop.triggered(), all);
    await shop.database.execute("create table sales.regions (id integer primary key)");
    await pollUntil("a later table of a chosen schema", () => isEvent("list_regions"));
    await shop.database.execute("drop table sales.regions");
    await pollUntil("no such table", async () => !(await isEvent("list_regions")));
    assert.equal(await server.stop(), 0);
    assert.match((await shop.attach()).join("\n"), /nothing is missing/);

    await shop.configure('[database]\nschemas = ["public"]\n');
    const other = await shop.serve();
    assert.deepEqual(await shop.triggered(), all.slice(0, 4), "the file precedes the choice");
    assert.equal(await other.stop(), 0);
    assert.match((await shop.attach("--schema", "sales"))[0], /^-- rowcast\.toml has `schemas`, which takes precedence over --schema/);
    assert.deepEqual(await shop.triggered(), ["sales.orders", "sales.targets"]);
    await shop.detach();
  });

  test("table of another schema is chosen by both names", async (t) => {
    const shop = await makeShop(t, kind, make, sales);
    assert.match(await shop.refused("--tables", "targets"), /`targets` is a table of another schema: write `sales\.targets`/);
    assert.match(await shop.refused("--tables", "sales.target"), /no table `sales\.target`: did you mean `sales\.targets`\?/);
    const limited = await shop.refused("--schema", "public", "--tables", "sales.targets");
    assert.match(limited, /`sales\.targets` is in the schema `sales`, and only `public` is chosen/);
    const twice = await shop.refused("--schema", "public,sales", "--tables", "orders");
    assert.match(twice, /several schemas have a table `orders`: write `public\.orders` or `sales\.orders`/);
    await shop.attach("--tables", "sales.targets,public.notes,orders");
    assert.deepEqual(await shop.triggered(), ["notes", "orders", "sales.targets"]);
    assert.deepEqual((await shop.described()).sort(), ["notes", "orders", "targets"]);
    await shop.attach("--schema", "sales", "--tables", "targets,sales.orders");
    assert.deepEqual(await shop.described(), ["orders", "targets"]);
    const server = await shop.serve();
    assert.deepEqual(await shop.triggered(), ["sales.orders", "sales.targets"]);
    assert.equal(await server.stop(), 0);
    await shop.detach();
  });
});
