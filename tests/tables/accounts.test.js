// Users of a project without Rust: accounts of the engine, and rows of a table of the project.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { nextEvent } from "@rowcast/test-support";
import { onBoth } from "./databases.js";
import { run, runWith, start } from "./program.js";

const password = "correct horse";

const bcrypt = "$2b$05$bX5hN2TqhCJRMPYvAwakHe4SHjwY.6B236tU70ZmY6T1/ze6/OwUC";
const django = "pbkdf2_sha256$2000$0123456789abcdef$MGoh2Ym969nMJuWoRTjFXPmoi5ptqegZ9PzZ3FTIVOM=";

// A project with these settings and this migration; `user` runs a command of `rowcast user`.
async function makeProject({ folder, database }, settings, sql) {
  await mkdir(join(folder, "migrations"));
  await writeFile(join(folder, "rowcast.toml"), settings);
  await writeFile(join(folder, "migrations/0001_all.sql"), sql);
  const on = ["--database-url", database.url];
  const user = (...args) => runWith(`${password}\n`, folder, "user", ...args, ...on);
  const done = async (...args) => {
    const ended = await user(...args);
    assert.equal(ended.code, 0, ended.err);
    return ended.out;
  };
  return { folder, on, user, done };
}

const serve = (t, { folder, on }, access) => start(t, folder, "serve", "--access", access, ...on);

// A socket whose user has signed in.
async function member(server, username) {
  const { socket, request } = server.open();
  const ack = await request("login", { username, password });
  assert.equal(ack.ok, true, JSON.stringify(ack));
  return { socket, request, user: ack.data.user, token: ack.data.token };
}

const tasks = "create table tasks (id integer primary key, title text not null)";

onBoth((on, make) => {
  test(`account of the engine signs in by its email address on ${on}`, async (t) => {
    const made = await make(t);
    const project = await makeProject(made, '[accounts]\nlogin = "email"\n', tasks);
    await project.done("add", "Ada@Example.com", "--field", "name=Ada");
    await project.done("add", "bob@example.com");
    assert.deepEqual((await project.done("list")).trim().split("\n"), [
      "1\tada@example.com\tcan sign in",
      "2\tbob@example.com\tcan sign in",
    ]);
    for (const wrong of ["ada", "ADA@example.com"]) {
      const { code, err } = await project.user("add", wrong);
      assert.deepEqual([code, /username: (must be an email address|is already taken)/.test(err)], [1, true], err);
    }

    const server = await serve(t, project, "members");
    const anyone = server.open();
    const task = { id: 1, title: "mine" };
    assert.deepEqual(Object.keys((await anyone.request("new_task", task)).errors), ["$unauthorized"]);
    const refused = await anyone.request("login", { username: "ada@example.com", password: "another one" });
    assert.deepEqual(Object.keys(refused.errors), ["password", "username"]);
    const ada = await member(server, "ADA@example.com");
    assert.deepEqual(ada.user, { id: 1, username: "ada@example.com", name: "Ada", version: 1 });
    assert.equal((await ada.request("new_task", task)).ok, true);
    // Accounts are no collection.
    for (const event of ["list_rowcast_accounts", "get_rowcast_account", "update_rowcast_account"]) {
      assert.deepEqual(Object.keys((await ada.request(event, { id: 1 })).errors), ["$unknown_event"]);
    }
    const changed = await ada.request("set_password", { old: password, new: "battery staple" });
    assert.equal(changed.ok, true);

    const bob = await member(server, "bob@example.com");
    const ends = [ada, bob].map(({ socket }) => nextEvent(socket, "signed_out"));
    await project.done("set-password", "ada@example.com");
    await project.done("remove", "bob@example.com");
    await Promise.all(ends);
    for (const { request } of [ada, bob]) assert.deepEqual(Object.keys((await request("list_tasks", {})).errors), ["$unauthorized"]);
    await member(server, "ada@example.com");
    await server.stop();
  });

  test(`rows of a table of the project sign in, and keep their password to themselves on ${on}`, async (t) => {
    const made = await make(t);
    const settings = `
[accounts]
table = "people"
username = "email"
password = "hash"
name = "nick"
[collections.tasks]
embed = { person = ["id", "nick"] }
[collections.notes]
embed = { person = ["id", "hash"] }
`;
    const sql = `
create table people (id integer primary key, email varchar(100) not null unique, hash text not null, nick text not null);
create table tasks (id integer primary key, title text, person_id integer references people (id) on delete cascade);
create table notes (id integer primary key, person_id integer references people (id) on delete cascade)`;
    const project = await makeProject(made, settings, sql);
    const mistake = await project.user("add", "Ada@example.com", "--field", "id=1", "--field", "nick=Ada");
    assert.deepEqual([mistake.code, /rowcast.toml:10: `hash` of `people` is hidden/.test(mistake.err)], [1, true], mistake.err);
    await writeFile(join(made.folder, "rowcast.toml"), settings.replace('["id", "hash"]', '["id"]'));
    for (const [id, email] of [[1, "Ada@example.com"], [2, "bob@example.com"], [3, "cy@example.com"]]) {
      await project.done("add", email, "--field", `id=${id}`, "--field", `nick=${email.slice(0, 3)}`);
    }
    const [hash] = await made.database.read("select hash from people where id = 1");
    assert.match(hash, /^\$argon2id\$/);

    const server = await serve(t, project, "read");
    const ada = await member(server, "Ada@example.com");
    assert.deepEqual({ ...ada.user, version: 0 }, { id: 1, email: "Ada@example.com", nick: "Ada", version: 0 });
    const frames = [];
    ada.socket.onAny((...event) => frames.push(JSON.stringify(event)));
    const listed = await ada.request("list_people", {});
    await ada.request("refresh", {});
    assert.deepEqual(listed.data.rows.map((row) => Object.keys(row).sort()), Array(3).fill(["email", "id", "nick", "version"]));
    for (const text of [JSON.stringify(listed), ...frames]) assert.equal(text.includes("argon2id"), false);
    const filtered = await ada.request("list_people", { where: { hash } });
    assert.equal(filtered.ok, false);
    assert.deepEqual(Object.keys((await ada.request("update_person", { id: 1, hash: "x" })).errors), ["hash"]);

    // Another user's name and row are its own; all else is anybody's.
    assert.deepEqual(Object.keys((await ada.request("update_person", { id: 2, email: "mine@example.com" })).errors), ["email"]);
    assert.deepEqual(Object.keys((await ada.request("delete_person", { id: 2 })).errors), ["$forbidden"]);
    assert.equal((await ada.request("update_person", { id: 2, nick: "Bobby", email: "bob@example.com" })).ok, true);

    // A new name ends the other sign-ins, and so does any deletion.
    const bob = await member(server, "bob@example.com");
    const other = await member(server, "bob@example.com");
    const cy = await member(server, "cy@example.com");
    const ends = [other, cy].map(({ socket }) => nextEvent(socket, "signed_out"));
    assert.equal((await bob.request("update_person", { id: 2, email: "Bob@example.com" })).ok, true);
    await made.database.execute("delete from people where id = 3");
    await Promise.all(ends);
    assert.deepEqual(await made.database.read("select count(*) from " + log(on, "tokens") + " where user_id = 3"), ["0"]);
    await project.done("remove", "Bob@example.com");
    const ack = await ada.request("delete_person", { id: 1 });
    assert.match(ack.errors.$forbidden, /the last account/);
    await server.stop();
  });

  test(`users whose passwords another program has hashed sign in, and it can still verify new ones on ${on}`, async (t) => {
    const made = await make(t);
    const settings = '[accounts]\ntable = "people"\nusername = "email"\npassword = "hash"\n';
    // Both are hashes of `password`, by Python's bcrypt and by Django.
    const sql = `
create table people (id integer primary key, email varchar(100) not null unique, hash text);
insert into people values (1, 'ada@example.com', '${bcrypt}'), (2, 'bob@example.com', '${django}'),
    (3, 'cy@example.com', 'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99'), (4, 'di@example.com', null)`;
    const project = await makeProject(made, settings, sql);
    const hashOf = async (id) => (await made.database.read(`select hash from people where id = ${id}`))[0];
    const server = await serve(t, project, "members");
    const [ada, bob] = [await member(server, "ada@example.com"), await member(server, "bob@example.com")];
    assert.deepEqual([await hashOf(1), await hashOf(2)], [bcrypt, django], "a sign-in changes nothing");
    const { request } = server.open();
    for (const username of ["cy@example.com", "di@example.com", "nobody@example.com"]) {
      const ack = await request("login", { username, password });
      assert.deepEqual(ack.errors, { username: "the username or the password is wrong", password: "the username or the password is wrong" });
    }
    const login = (username, password) => request("login", { username, password }).then(({ ok }) => ok);
    assert.equal(await login("ada@example.com", "wrong horse"), false);

    assert.equal((await ada.request("set_password", { old: password, new: "battery staple" })).ok, true);
    assert.equal((await bob.request("set_password", { old: password, new: "battery staple" })).ok, true);
    assert.match(await hashOf(1), /^\$2b\$05\$/);
    assert.match(await hashOf(2), /^pbkdf2_sha256\$2000\$[0-9a-f]{32}\$[A-Za-z0-9+/]{43}=$/);
    for (const username of ["ada@example.com", "bob@example.com"]) {
      assert.deepEqual([await login(username, "battery staple"), await login(username, password)], [true, false], username);
    }
    const long = await ada.request("set_password", { old: "battery staple", new: "ä".repeat(40) });
    assert.deepEqual(long.errors, { new: "must have at most 72 bytes, because this database stores it by bcrypt" });

    // A password that another program changes ends the sign-ins with the old one.
    assert.equal((await ada.request("me")).data.email, "ada@example.com", "its own change does not");
    const ended = nextEvent(ada.socket, "signed_out");
    await made.database.execute(`update people set hash = '${bcrypt}' where id = 1`);
    await ended;
    assert.equal((await ada.request("me")).data, null);

    // The operator's commands write what the table has.
    await project.done("set-password", "bob@example.com");
    assert.match(await hashOf(2), /^pbkdf2_sha256\$2000\$/);
    await project.done("add", "ed@example.com", "--field", "id=5");
    assert.match(await hashOf(5), /^(\$2b\$05\$|pbkdf2_sha256\$2000\$)/);
    assert.equal(await login("ed@example.com", password), true);
    await server.stop();
  });

  test(`users whose key is a time cannot sign in on ${on}`, async (t) => {
    const made = await make(t);
    const settings = '[accounts]\ntable = "people"\nusername = "name"\npassword = "hash"\n';
    const sql = "create table people (joined timestamp primary key, name text, hash text)";
    const project = await makeProject(made, settings, sql);
    const { code, err } = await project.user("add", "ada");
    assert.deepEqual([code, /rowcast.toml:2: users of `people` are named by `joined`/.test(err)], [1, true], err);
    const served = await run(project.folder, "serve", "--bind", "127.0.0.1:0", ...project.on);
    assert.match(served.err, /rowcast.toml:2: users of `people`/);
  });

  // The columns of a key, the keys of two users and of one that another program has made.
  const keys = {
    text: ["handle text not null", { handle: "ada" }, { handle: "o'b?$1" }, { handle: "CY" }],
    uuid: [
      "ref uuid not null",
      { ref: "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60" },
      { ref: "0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f61" },
      { ref: "0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F62" },
    ],
    composite: [
      "org integer not null, nick text not null",
      { nick: "ada", org: 1 },
      { nick: "ada", org: 2 },
      { nick: "cy", org: 1 },
    ],
  };

  for (const [kind, [names, first, second, third]] of Object.entries(keys)) {
    test(`users with a key of ${kind} sign in until their row is gone on ${on}`, async (t) => {
      const made = await make(t);
      const settings = '[accounts]\ntable = "people"\nusername = "email"\npassword = "hash"\n';
      const sql = `
create table people (${names}, email varchar(100) not null unique, hash text, age integer, primary key (${Object.keys(first)}));
create table tasks (id integer primary key, title text);`;
      const project = await makeProject(made, settings, sql);
      const fields = (key) => Object.entries(key).flatMap(([name, value]) => ["--field", `${name}=${value}`]);
      await project.done("add", "ada@example.com", ...fields(first));
      await project.done("add", "bob@example.com", ...fields(second));
      const values = Object.values(third).map((value) => (typeof value === "number" ? value : `'${value}'`));
      await made.database.execute(
        `insert into people (${Object.keys(third)}, email, hash) values (${values}, 'cy@example.com', '${bcrypt}')`,
      );
      const listed = (await project.done("list")).trim().split("\n");
      assert.deepEqual(listed.map((line) => line.split("\t").slice(1).join(" ")).sort(), [
        "ada@example.com can sign in",
        "bob@example.com can sign in",
        "cy@example.com can sign in",
      ]);

      const server = await serve(t, project, "members");
      const named = (key) => Object.fromEntries(Object.entries(key).map(([name, value]) => [name, kind === "uuid" ? value.toLowerCase() : value]));
      const bare = (key) => (Object.keys(key).length === 1 ? Object.values(named(key))[0] : named(key));
      const of = (user) => Object.fromEntries(Object.keys(first).map((name) => [name, user[name]]));
      const [ada, bob, cy] = [await member(server, "ada@example.com"), await member(server, "bob@example.com"), await member(server, "cy@example.com")];
      assert.deepEqual([of(ada.user), of(bob.user), of(cy.user)], [first, second, third].map(named));
      assert.deepEqual(of((await cy.request("me", {})).data), named(third));

      // A write is its author's, once.
      const watching = server.open({ auth: { token: ada.token, live: "changes", authors: true } });
      await nextEvent(watching.socket, "connected");
      const authored = nextEvent(watching.socket, "authored");
      const id = crypto.randomUUID();
      const write = () => cy.request("new_task", { id: 1, title: "mine" }, { request_id: id });
      const once = await write();
      assert.equal(once.ok, true);
      assert.deepEqual(await write(), once);
      const stranger = await bob.request("new_task", { id: 1, title: "mine" }, { request_id: id });
      assert.deepEqual(Object.keys(stranger.errors), ["request_id"]);
      const { by } = await authored;
      assert.deepEqual(by, { id: bare(third), name: "cy@example.com" });

      // Only the user changes its name, and all else is anybody's.
      assert.deepEqual(Object.keys((await ada.request("update_person", { ...second, email: "x@example.com" })).errors), ["email"]);
      assert.equal((await ada.request("update_person", { ...second, age: 30 })).ok, true);
      assert.deepEqual(Object.keys((await ada.request("delete_person", second)).errors), ["$forbidden"]);

      // The own password keeps the own sign-in, and ends the others.
      const other = await member(server, "ada@example.com");
      const ended = nextEvent(other.socket, "signed_out");
      assert.equal((await ada.request("set_password", { old: password, new: "battery staple" })).ok, true);
      await ended;
      assert.equal((await ada.request("list_tasks", {})).ok, true);

      const numbers = () => made.database.read(`select user_key from ${log(on, "user_keys")} order by id`);
      const tokens = () => made.database.read(`select count(*) from ${log(on, "tokens")}`);
      assert.deepEqual([(await numbers()).length, await tokens()], [3, ["3"]]);
      // Another program changes a password, deletes a row, and gives one another key.
      const where = (key) => Object.entries(key).map(([name, value]) => `${name} = ${typeof value === "number" ? value : `'${value.replace("'", "''")}'`}`).join(" and ");
      const [first_column] = Object.keys(first);
      const moved = kind === "uuid" ? "'0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f69'" : "'else'";
      for (const [gone, statement] of [
        [cy, `update people set hash = '${django}' where ${where(third)}`],
        [bob, `delete from people where ${where(second)}`],
        [ada, `update people set ${first_column} = ${moved} where ${where(first)}`],
      ]) {
        const end = nextEvent(gone.socket, "signed_out");
        await made.database.execute(statement);
        await end;
        assert.deepEqual(Object.keys((await gone.request("list_tasks", {})).errors), ["$unauthorized"]);
      }
      assert.deepEqual([(await numbers()).length, await tokens()], [1, ["0"]]);

      const end = nextEvent((await member(server, "cy@example.com")).socket, "signed_out");
      await project.done("set-password", "cy@example.com");
      await end;
      await project.done("rename", "cy@example.com", "cyd@example.com");
      await project.done("remove", "cyd@example.com");
      assert.deepEqual(await numbers(), []);
      await server.stop();
    });
  }
});

const log = (on, name) => (on === "postgres" ? `rowcast.rowcast_${name}` : `rowcast_${name}`);
