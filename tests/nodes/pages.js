// Pages that write on and on and must lose nothing: what is not acked, socket.io-client sends again by itself.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { collections, openSocket } from "@rowcast/test-support";

const kinds = [undefined, ["polling"], ["websocket"]];

// Two of each kind: the first as pages were made for the original server, the second `exact`: it lives on `changes`, comes back with
// `since`, and writes with a `request_id`. What such a page has written must be there once, and once only; what the others have, at least
// once. If the way to the database is `cut`, they may hear of it.
export const openPages = (test, url, { cut = false } = {}) =>
  [...kinds, ...kinds].map((transports, at) => {
    const exact = at >= kinds.length;
    const page = (exact ? openExact : openSocket)(test, url, { transports, retries: 100, ackTimeout: 2000 });
    const turnedAway = [];
    page.socket.on("connect_error", ({ message, description }) => turnedAway.push(`${message}: ${description}`));
    return { ...page, name: `Page ${at}`, transports, exact, cut, acked: [], refused: 0, turnedAway };
  });

// Repeatedly creates a coach and updates it, until `enough`.
export async function write(page, { enough }) {
  for (let n = 0; !enough(); n += 1) {
    const name = `${page.name}, ${n}`;
    const made = await done(page, "new_coach", { name, age: 18 + (n % 100), picture: "https://example.com/p.png" });
    page.acked.push(await done(page, "update_coach", { id: made.id, age: made.age + 1 }));
  }
}

async function done(page, event, payload) {
  const options = page.exact ? [{ request_id: randomUUID() }] : [];
  for (;;) {
    const { ok, data, errors } = await page.socket.emitWithAck(event, payload, ...options);
    if (ok) return data;
    const [key, ...more] = Object.keys(errors);
    // Nothing was written; or the outcome is unknown, if the database was lost during a commit.
    const nothing = ["$unavailable", "$locked"].includes(key);
    assert.ok(more.length === 0 && (nothing || (key === "$unknown_outcome" && page.cut)), JSON.stringify(errors));
    page.refused += 1;
  }
}

// All acked rows exist as acked, and there are no others.
export function holds(page, coaches) {
  const rows = new Map(coaches.map((row) => [row.id, row]));
  for (const { id, name, age } of page.acked) {
    const { version, ...row } = rows.get(id) ?? assert.fail(`acked and lost: ${name}`);
    assert.deepEqual([row.name, row.age], [name, age]);
    if (page.exact) assert.equal(version, 2, name);
  }
  const written = coaches.filter(({ name }) => name.startsWith(`${page.name}, `)).map(({ name }) => name);
  const acked = page.acked.map(({ name }) => name);
  assert.deepEqual(page.exact ? written.sort() : [...new Set(written)].sort(), acked.sort());
}

// What the server has, read page by page.
export async function everything({ request }) {
  const all = {};
  for (const collection of collections) {
    all[collection] = [];
    let after = null;
    do {
      const { data } = await request(`list_${collection}`, { limit: 500, after });
      all[collection].push(...data.rows);
      after = data.next;
    } while (after !== null);
  }
  return all;
}

// ---- Exactly once, and only what is new ----

function openExact(test, url, options) {
  let since;
  const page = openSocket(test, url, { ...options, auth: (send) => send({ live: "changes", ...(since && { since }) }) });
  const { socket, store } = page;
  let missing;
  socket.on("connected", () => (missing = new Set(collections)));
  for (const collection of collections) {
    // Snapshots count as a whole: a cursor stands for all four.
    socket.on(collection, (_, { cursor }) => {
      missing.delete(collection);
      if (missing.size === 0) since = cursor;
    });
  }
  socket.on("changes", ({ cursor, ...news }) => {
    for (const [collection, { upserted, deleted }] of Object.entries(news)) {
      const rows = new Map(store[collection].map((row) => [row.id, row]));
      for (const row of upserted) rows.set(row.id, row);
      for (const id of deleted) rows.delete(id);
      store[collection] = [...rows.values()].sort((a, b) => a.id - b.id);
    }
    since = cursor;
  });
  return page;
}
