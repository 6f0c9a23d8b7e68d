// A role of PostgreSQL that may read some tables and write others.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { nextEvent } from "@rowcast/test-support";
import { onBoth } from "./databases.js";
import { run, start } from "./program.js";

const tables = `
create table plans (id integer primary key, name text not null);
create table secrets (id integer primary key, name text);
create table notes (id serial primary key, plan_id integer references plans, secret_id integer references secrets, body text not null);
create table people (id integer primary key, name text, salary integer);
create table parts (id integer primary key, name text, cost integer);
create table logs (id integer generated always as identity primary key, body text);
insert into plans values (1, 'Basic'), (2, 'Plus'); insert into secrets values (1, 'x');
insert into people values (1, 'Ada', 100); insert into parts values (1, 'Screw', 5)`;

const grants = (role) => `
grant create on database current_database to ${role}; grant usage on schema public to ${role};
grant select, trigger on plans to ${role}; grant trigger on secrets to ${role};
grant select, insert, update, delete, trigger on notes to ${role}; grant usage on sequence notes_id_seq to ${role};
grant select (id, name, xmin, ctid), update (name), trigger on people to ${role};
grant select (id, name), trigger on parts to ${role};
grant select, insert, trigger on logs to ${role}`;

onBoth((kind, make) => {
  // SQLite has no roles.
  if (kind !== "postgres") return;
  test("role that may read some tables and write others serves what it may", async (t) => {
    const { folder, database } = await make(t);
    const role = `rowcast_test_${randomBytes(6).toString("hex")}`;
    await database.execute(`${tables}; create role ${role} login`);
    const [name] = await database.read("select current_database()");
    await database.execute(grants(role).replace("current_database", `"${name}"`));
    const as = new URL(database.url);
    as.username = role;
    const attached = await run(folder, "attach", as.href);
    assert.equal(attached.code, 0, attached.err);
    assert.match(attached.err + attached.out, /parts: rows are only listed, .* grant select \(xmin, ctid\) on "public"."parts" to it/);
    assert.match(attached.err + attached.out, /people: the column salary is hidden, because this role may not read it/);
    const server = await start(t, folder, "serve", "--database-url", as.href);
    const { socket, request } = server.open({ auth: { live: "changes" } });
    const { schema } = await nextEvent(socket, "connected");
    assert.deepEqual(Object.keys(schema.collections).sort(), ["events", "logs", "notes", "people", "plans"]);

    // What may be read is live, whoever writes it.
    const changed = async (collection, sql) => {
      const change = nextEvent(socket, "changes");
      await database.execute(sql);
      return (await change)[collection].upserted.map(({ version, ...row }) => row);
    };
    assert.deepEqual(await changed("plans", "update plans set name = 'Pro' where id = 1"), [{ id: 1, name: "Pro" }]);
    assert.deepEqual(await changed("people", "update people set name = 'Grace', salary = 7"), [{ id: 1, name: "Grace" }]);
    const parts = await request("list_parts", {});
    assert.deepEqual(parts.data.rows, [{ id: 1, name: "Screw" }]);

    // What may be written is written, and refers to what may be read; the database checks what may not.
    const note = (values) => request("new_note", { body: "a", ...values });
    const made = await note({ plan_id: 1, secret_id: 1 });
    assert.equal(made.ok, true, JSON.stringify(made));
    assert.deepEqual((await note({ plan_id: 7 })).errors, { plan_id: "no row of plans has id 7" });
    assert.deepEqual(Object.keys((await note({ secret_id: 7 })).errors), ["secret_id"]);
    assert.equal((await request("update_note", { id: made.data.id, body: "b", version: made.data.version })).ok, true);
    assert.equal((await request("delete_note", { id: made.data.id })).ok, true);
    assert.equal((await request("new_log", { body: "x" })).ok, true);

    // What may not be is refused, with the true reason.
    for (const [event, payload, table] of [
      ["new_plan", { id: 3, name: "x" }, "plans"],
      ["update_plan", { id: 1, name: "x" }, "plans"],
      ["delete_plan", { id: 2 }, "plans"],
      ["update_log", { id: 1, body: "y" }, "logs"],
      ["delete_log", { id: 1 }, "logs"],
      ["delete_person", { id: 1 }, "people"],
    ]) {
      const { errors } = await request(event, payload);
      assert.deepEqual(errors, { $refused: `permission denied for table ${table}` }, event);
    }
    const salary = await request("update_person", { id: 1, salary: 8 });
    assert.deepEqual([salary.ok, Object.keys(salary.errors)], [false, ["salary"]]);
    assert.deepEqual(Object.keys((await request("list_people", { where: { salary: 7 } })).errors), ["where.salary"]);
    assert.deepEqual(Object.keys((await request("list_secrets", {})).errors), ["$unknown_event"]);
    assert.equal((await request("update_person", { id: 1, name: "Bob" })).ok, true, "a right on one column");
    assert.equal(await server.stop(), 0);
    assert.equal((await run(folder, "detach", as.href)).code, 0);
    await database.execute(`drop owned by ${role}; drop role ${role}`);
  });
});
