// Authentication of the page.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { chat, user, within } from "./chat.js";

const program =
  process.env.ADMIN_EXAMPLE ?? fileURLToPath(new URL("../../../../target/debug/examples/admin", import.meta.url));

test("missing name or password prevents the start", async () => {
  for (const settings of [{}, { ADMIN_USER: "ada" }, { ADMIN_USER: "ada", ADMIN_PASSWORD: "" }]) {
    const child = spawn(program, { stdio: "ignore", env: { PORT: "0", ...settings } });
    const [code] = await within(once(child, "exit"), "the program to end");
    assert.equal(code, 1);
  }
});

test("wrong credentials get the page's error", async (test) => {
  const server = await chat(test);
  const wrong = [
    { ...user, password: "open barley" },
    { ...user, username: "bob" },
    { ...user, password: user.password + " " },
    { username: user.username },
    { ...user, password: [user.password] },
    { sessionId: "AAAAAAAAAAAAAAAAAAAA" },
    { sessionId: null },
    {},
    undefined,
  ];
  for (const auth of wrong) assert.equal((await server.refused(auth)).message, "invalid credentials");
});

test("session id is valid until a restart", async (test) => {
  const server = await chat(test);
  const first = await server.page();
  await first.until("the settings", () => first.features && first.session);
  assert.equal(first.session.length, 20);

  const again = await server.page({ sessionId: first.session });
  await again.until("the list", () => again.lists === 1);
  assert.equal(again.session, undefined, "it has one already");

  await server.stop();
  await server.start();
  assert.equal((await server.refused({ sessionId: first.session })).message, "invalid credentials");
});

test("guessing is slow on any number of connections", async (test) => {
  const server = await chat(test);
  const began = Date.now();
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => server.refused({ ...user, password: `guess ${n}` })),
  );
  const seconds = (Date.now() - began) / 1000;
  const looked = answers.filter((error) => error.message === "invalid credentials").length;
  assert.ok(looked > 0 && looked < 30, `${looked} of 30 were looked at`);
  assert.ok(looked <= 2 * seconds + 1, `${looked} in ${seconds} s`);
  assert.ok((await server.page()).socket.connected, "who knows the password gets in afterwards");
});
