// Chromium, and pages in it as their authors serve them: from a port of localhost, with what they import from
// elsewhere.
//
// Needs Chromium: Debian's package `chromium-headless-shell`, or one that CHROMIUM names. With SCREENSHOTS set to a folder, pictures
// of what was seen are put there.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { TIMEOUT, withTimeout } from "@rowcast/test-support";
import { axePath, launchBrowser } from "@rowcast/test-support/browser";


// The copies of what pages import from elsewhere.
const elsewhere = [
  [/^https:\/\/cdn\.socket\.io\/4\.\d+\.\d+\/socket\.io\.esm\.min\.js$/, "socket.io-client/dist/socket.io.esm.min.js"],
  [/^https:\/\/unpkg\.com\/vue@3\.\d+\/dist\/vue\.esm-browser\.prod\.js$/, "vue/dist/vue.esm-browser.prod.js"],
];

// Serves a page, and gives a function that opens it, each time in a window of its own.
export async function show(test, html) {
  const site = createServer((request, response) => {
    const found = new URL(request.url, "http://page").pathname === "/";
    response.writeHead(found ? 200 : 404, { "content-type": "text/html; charset=utf-8" }).end(found ? html : "");
  });
  test.after(() => site.close());
  await once(site.listen(0, "127.0.0.1"), "listening");
  const browser = await launchBrowser();
  test.after(() => browser.close());
  return (server) => open(browser, `http://localhost:${site.address().port}/?server=${encodeURIComponent(server.url)}`, server);
}

async function open(browser, address, server) {
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error));
  page.frames = { sent: [], received: [] };
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => page.frames.sent.push(String(payload)) && page.emit("frame"));
    socket.on("framereceived", ({ payload }) => page.frames.received.push(String(payload)) && page.emit("frame"));
  });
  const near = new Set([new URL(address).origin, server.url]);
  await page.route((url) => !near.has(url.origin), async (route) => {
    const url = route.request().url();
    const [, file] = elsewhere.find(([pattern]) => pattern.test(url)) ?? [];
    // Pictures of coaches and the like are not needed; a script that is not known here is a fault that shows.
    if (!file) return route.abort();
    const body = await readFile(new URL(`../../node_modules/${file}`, import.meta.url));
    await route.fulfill({ body, contentType: "text/javascript", headers: { "access-control-allow-origin": "*" } });
  });
  await page.goto(address);
  return page;
}

// Resolves once what has gone over the page's WebSockets so far is as it should be.
export async function carried(page, so, what) {
  let look;
  const holds = new Promise((resolve) => page.on("frame", (look = () => so(page.frames) && resolve())));
  look();
  await withTimeout(holds, what).finally(() => page.off("frame", look));
}

// The page has neither errors of its own nor accessibility violations.
export async function isSound(page, name) {
  const { SCREENSHOTS: folder } = process.env;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  assert.deepEqual(page.faults, []);
  await page.addScriptTag({ path: axePath });
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]), []);
}
