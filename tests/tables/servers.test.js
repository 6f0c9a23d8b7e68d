// Two servers on one PostgreSQL whose settings differ.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { nextEvent } from "@rowcast/test-support";
import { onBoth } from "./databases.js";
import { makeFolder, run, start } from "./program.js";

const tables = `
create table customers (id integer primary key, name text);
create table orders (id integer primary key, name text);`;

// The server looks at the schema once a second.
const looks = 2500;

onBoth((kind, make) => {
  // A file of SQLite has one server.
  if (kind !== "postgres") return;
  test("servers that want other triggers leave them to each other", async (t) => {
    const { folder, database } = await make(t);
    const other = await makeFolder(t);
    await database.execute(tables);
    assert.equal((await run(folder, "attach", database.url)).code, 0);
    await writeFile(join(other, "rowcast.toml"), '[collections]\ninclude = ["customers"]\n');
    const serve = (folder) => start(t, folder, "serve", "--database-url", database.url);
    const [whole, part] = [await serve(folder), await serve(other)];

    const triggers = () => database.read("select oid, tgname, tgrelid::regclass from pg_trigger where not tgisinternal order by 1");
    let now = await triggers();
    for (let before; `${before}` !== `${now}`; ) {
      before = now;
      await pause(looks);
      now = await triggers();
    }
    assert.ok(now.some((trigger) => trigger.endsWith("|orders")), now.join("\n"));

    // Both follow what they serve, also after the next change of the schema.
    const clients = [whole, part].map((server) => server.open({ auth: { live: "changes" } }).socket);
    await Promise.all(clients.map((socket) => nextEvent(socket, "connected")));
    const schemas = clients.map((socket) => nextEvent(socket, "schema"));
    await database.execute("alter table customers add column note text");
    await Promise.all(schemas);
    const follow = async (socket, collection, sql) => {
      const changed = new Promise((resolve) => {
        socket.on("changes", function on(changes) {
          if (!changes[collection]?.upserted.some(({ name }) => name === "new")) return;
          socket.off("changes", on);
          resolve();
        });
      });
      await database.execute(sql);
      await changed;
    };
    await Promise.all([
      follow(clients[0], "orders", "insert into orders values (1, 'new')"),
      follow(clients[1], "customers", "insert into customers values (1, 'new')"),
    ]);
    assert.deepEqual([await whole.stop(), await part.stop()], [0, 0]);
  });

  test("servers of different versions leave each other's triggers, and both see all changes", async (t) => {
    const { folder, database } = await make(t);
    await database.execute(tables);
    assert.equal((await run(folder, "attach", database.url)).code, 0);
    const serve = () => start(t, folder, "serve", "--database-url", database.url);
    const first = await serve();
    const functions = () =>
      database.read("select proname, xmin, prosrc like '%another version%' from pg_proc where proname like 'rowcast_log_%' order by 1");
    // Another version writes its functions otherwise.
    await database.execute(`do $do$
      declare definition text;
      begin
        for definition in select pg_get_functiondef(oid) from pg_proc where proname like 'rowcast_log_%' loop
          execute replace(definition, 'declare', '-- another version\ndeclare');
        end loop;
      end $do$`);
    const replaced = await functions();
    assert.equal(replaced.length, 2);
    assert.ok(replaced.every((line) => line.endsWith("|t")), replaced.join("\n"));
    await pause(looks);
    assert.deepEqual(await functions(), replaced, "the running server leaves them");

    // A server that starts brings those of its own version, and the one that runs goes on.
    const second = await serve();
    const own = await functions();
    assert.ok(own.every((line) => line.endsWith("|f")), own.join("\n"));
    await pause(looks);
    assert.deepEqual(await functions(), own, "neither replaces them again");
    const sockets = [first, second].map((server) => server.open({ auth: { live: "changes" } }).socket);
    await Promise.all(sockets.map((socket) => nextEvent(socket, "connected")));
    const seen = sockets.map((socket) => {
      const isSeen = ({ orders }) => orders?.upserted.some(({ name }) => name === "seen");
      return new Promise((resolve) => socket.on("changes", (changes) => isSeen(changes) && resolve()));
    });
    await database.execute("insert into orders values (1, 'seen')");
    await Promise.all(seen);
    await Promise.all([first.stop(), second.stop()]);
  });
});
