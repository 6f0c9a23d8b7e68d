// A front end outside the containers, over a stock socket.io-client.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { io } from "socket.io-client";

const TIMEOUT = 20_000;

export const collections = ["coaches", "workout_plans", "exercise_moves", "schedules"];
export const coach = (name) => ({ name, age: 36, picture: "https://example.com/ada.png" });

// One socket, and the collections as they were last sent. It reconnects by itself, as pages do.
export function open(test, url) {
  const reconnection = { reconnectionDelay: 50, reconnectionDelayMax: 200 };
  const socket = io(url, { transports: ["websocket"], forceNew: true, ...reconnection });
  test.after(() => socket.disconnect());
  const store = {};
  for (const name of collections) socket.on(name, (rows) => (store[name] = rows));
  socket.on("disconnect", () => collections.forEach((name) => delete store[name]));
  const complete = () => collections.every((name) => store[name]);
  return {
    socket,
    store,
    request: (event, ...payload) => socket.timeout(TIMEOUT).emitWithAck(event, ...payload),
    names: () => store.coaches.map((row) => row.name),
    async waitFor(what, so = () => true) {
      const end = AbortSignal.timeout(TIMEOUT);
      const seen = new Promise((resolve) => {
        // Called before the listeners that fill the store, so it looks behind them.
        const heard = () => queueMicrotask(look);
        const look = () => complete() && so(store) && (socket.offAny(heard), resolve());
        socket.onAny(heard);
        look();
      });
      await Promise.race([seen, once(end, "abort").then(() => assert.fail(`waited for ${what}`))]);
    },
  };
}

// Several writers at once, until the connection is lost: calls `halfway` after a hundred acks, returns what was acked.
export async function writeUntilLost({ socket, request }, prefix, halfway) {
  const acked = [];
  const lost = once(socket, "disconnect").then(() => null);
  let gone = false;
  lost.then(() => (gone = true));
  let halted;
  async function writer(which) {
    for (let n = 0; !gone; n++) {
      const name = `${prefix} ${which}-${n}`;
      const ack = await Promise.race([request("new_coach", coach(name)).catch(() => null), lost]);
      if (ack === null) return;
      assert.deepEqual(ack.errors, {});
      if (acked.push(name) === 100) halted = halfway();
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, which) => writer(which)));
  assert.ok(halted, "the connection was lost too early");
  await halted;
  return acked;
}

export async function get(url, path) {
  const response = await fetch(url + path);
  return [response.status, await response.text()];
}

// The web app as the image carries it: a page under a policy, made of files whose names say what is in them.
export async function hasWebApp(url) {
  const page = await fetch(url);
  assert.match(page.headers.get("content-type"), /^text\/html\b/);
  assert.match(page.headers.get("content-security-policy"), /(script|default)-src 'self'/);
  // Asked about each time, so a new image is on all screens with the next visit.
  assert.doesNotMatch(page.headers.get("cache-control"), /immutable/);
  const html = await page.text();
  assert.match(html, /<title>Rowcast Planner<\/title>/);

  const [script] = /\/assets\/index-[\w-]{8}\.js/.exec(html) ?? assert.fail(`no script in ${html}`);
  const asset = await fetch(url + script);
  assert.equal(asset.status, 200);
  assert.match(asset.headers.get("content-type"), /^text\/javascript\b/);
  assert.match(asset.headers.get("cache-control"), /max-age=31536000, immutable/);

  // What only the app knows is an address too: the same page, whose links are relative to that address.
  const within = await fetch(`${url}/coaches/2`, { headers: { accept: "text/html" } });
  const [link] = /[./]+\/assets\/index-[\w-]{8}\.js/.exec(await within.text()) ?? assert.fail("no script below /");
  assert.equal(new URL(link, within.url).href, url + script);
}

// The status a page of `origin` gets that opens a WebSocket, having reached the server under the name `host`.
export function knock(url, origin, host = new URL(url).host) {
  const headers = {
    Host: host,
    Origin: origin,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  return new Promise((resolve, reject) => {
    const knocking = httpRequest(`${url}/socket.io/?EIO=4&transport=websocket`, { headers, timeout: TIMEOUT });
    const answer = (response, socket) => {
      (socket ?? response).destroy();
      resolve(response.statusCode);
    };
    knocking.on("upgrade", answer).on("response", (response) => answer(response));
    knocking.on("timeout", () => knocking.destroy(new Error("no answer"))).on("error", reject).end();
  });
}
