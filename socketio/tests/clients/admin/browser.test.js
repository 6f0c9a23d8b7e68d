// The real page, from its package, in a real browser.
//
// Skipped where there is no Chromium: install Debian's package `chromium-headless-shell`, or name one in CHROMIUM. With SCREENSHOTS set to
// a folder, screenshots are stored there.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, extname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chat, patience, user, within } from "./chat.js";

const dist = fileURLToPath(new URL("node_modules/@socket.io/admin-ui/ui/dist/", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png" };
const browser = process.env.CHROMIUM ?? installed(["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]);
const skip = browser ? false : "no Chromium: apt-get install chromium-headless-shell, or set CHROMIUM";

function installed(names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

// Serves the page's files on a separate port.
async function host(test) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://page").pathname;
    const name = path === "/" ? "index.html" : path.slice(1);
    try {
      const body = await readFile(join(dist, name));
      response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  test.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

async function open(test) {
  const url = await host(test);
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const chrome = await chromium.launch({ executablePath: browser, args: sandbox });
  test.after(() => chrome.close());
  const page = await chrome.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(patience);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  // Its fonts and icons are external, and not needed.
  await page.route((address) => address.origin !== url && address.hostname !== "127.0.0.1", (route) => route.abort());
  await page.goto(url);
  return { page, errors };
}

async function signIn(page, server, password = user.password) {
  await page.getByLabel("Server URL").fill(server.url());
  await page.getByLabel("Username").fill(user.username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Connect" }).click();
}

async function picture(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), animations: "disabled" });
}

const seen = (page, text) => page.getByText(text, { exact: true }).first().waitFor();
const gone = (page, text) => page.getByText(text, { exact: true }).first().waitFor({ state: "detached" });
const go = (page, path) => page.evaluate((path) => (location.hash = path), path);

test("page shows sockets, rooms and events", { skip, timeout: 4 * patience }, async (test) => {
  const server = await chat(test);
  const early = await server.client();
  const { page, errors } = await open(test);

  await signIn(page, server, "open barley");
  await seen(page, "Invalid credentials");
  await signIn(page, server);
  await gone(page, "Invalid credentials");
  await page.locator(".v-dialog--active").waitFor({ state: "detached" });
  await picture(page, "dashboard");

  await go(page, "/sockets/");
  await seen(page, early.id);
  const late = await server.client();
  await seen(page, late.id);
  await picture(page, "sockets");

  await go(page, "/rooms/");
  await seen(page, "lobby");
  await early.emitWithAck("enter", "attic");
  await seen(page, "attic");
  await picture(page, "rooms");
  await early.emitWithAck("leave", "attic");
  await gone(page, "attic");

  await go(page, "/events/");
  await early.emitWithAck("sign_in", { name: "Bob", password: "hunter2" });
  early.emit("say", "lobby", "hello");
  await page.getByText("said").first().waitFor();
  await page.getByText("sign_in").first().waitFor();
  await picture(page, "events");
  assert.ok(!(await page.content()).includes("hunter2"));

  for (const one of [early, late]) {
    await go(page, `/n/%2F/sockets/${one.id}`);
    await page.getByText("Initial HTTP request").waitFor();
    await seen(page, one.id);
    await seen(page, "127.0.0.1");
    await picture(page, one === early ? "early" : "late");
    await go(page, "/sockets/");
    await gone(page, "Initial HTTP request");
  }
  await go(page, "/clients/");
  await page.getByText("127.0.0.1", { exact: true }).nth(1).waitFor();
  await picture(page, "clients");
  await go(page, "/sockets/");
  await seen(page, late.id);
  const { id } = late;
  late.disconnect();
  await gone(page, id);
  await go(page, "/");
  await page.locator("canvas").first().waitFor();
  await picture(page, "end");
  assert.deepEqual(errors, []);
});

test("page acts and reconnects", { skip, timeout: 4 * patience }, async (test) => {
  const server = await chat(test);
  const client = await server.client();
  const { page, errors } = await open(test);
  await signIn(page, server);
  await page.locator(".v-dialog--active").waitFor({ state: "detached" });

  await go(page, "/sockets/");
  const out = within(once(client, "disconnect"), "the client to be put out");
  await page.locator("tr", { hasText: client.id }).getByRole("button").first().click();
  assert.equal((await out)[0], "io server disconnect");

  // The page remembers name and password while it is open, so it reconnects after a restart of the server.
  await server.stop();
  await server.start();
  const after = await server.client();
  await go(page, "/sockets/");
  await seen(page, after.id);

  await page.reload();
  await seen(page, after.id);
  assert.equal(await page.locator(".v-dialog--active").count(), 0, "its session's id was enough");

  await server.stop();
  await server.start();
  await page.reload();
  await page.locator(".v-dialog--active").waitFor();
  assert.deepEqual(errors, []);
});
