// A front end that shows everything, and looks closely: what it was sent never goes back in time.
//
// On `snapshots` that holds for each connection. On `changes` it also holds from one to the next, if the server resumed
// from the page's cursor; and every change leaves a picture whose parts agree.

import { io } from "socket.io-client";
import { hash } from "./hash.js";
import { identify, identifyDeleted } from "./keys.js";

export class Page {
  copy;
  // Every name that any row ever had.
  names = new Set();
  // Whether this connection has shown everything.
  whole = false;
  // What each row was seen to be, one after another, for as long as time must not go back; and before that. For rows of
  // which only the database knows the order.
  seen = [new Map()];
  #product;
  #faultLog;
  #since;
  // Snapshots count as a whole: a cursor stands for all of them.
  #arrived = new Map();
  // Versions by row, and rows that are gone, for as long as time must not go back.
  #versions = new Map();
  #gone = new Set();
  #forgives = false;

  constructor({ product, url, name, live, faultLog, options }) {
    [this.#product, this.name, this.live, this.#faultLog] = [product, name, live, faultLog];
    const collections = Object.keys(product.keys);
    this.copy = Object.fromEntries(collections.map((collection) => [collection, new Map()]));
    const since = () => (this.#since ? { since: this.#since } : {});
    const auth = (send) => send(live === "changes" ? { live, ...since() } : { live });
    this.socket = io(url, { auth, reconnectionDelay: 30, reconnectionDelayMax: 300, forceNew: true, ...options });
    this.socket.on("connect", () => this.#begin());
    this.socket.on("disconnect", () => (this.whole = false));
    for (const event of ["disconnect", "connect_error"]) {
      // A page that must be reloaded has been let down.
      const asked = (reason) => this.socket.active || reason === "io client disconnect";
      this.socket.on(event, (reason) => asked(reason) || this.#violations(`${event}: ${reason}`));
    }
    for (const collection of collections) {
      this.socket.on(collection, (rows, { cursor }) => this.#snapshot(collection, rows, cursor));
    }
    this.socket.on("changes", (changes) => this.#changes(changes));
  }

  // Comes back as after a lost connection.
  again() {
    this.socket.io.engine.close();
  }

  hash() {
    return hash(ordered(this.#product, Object.fromEntries(this.#each().map(([name, rows]) => [name, [...rows.values()]]))));
  }

  find(collection, row) {
    return this.copy[collection].get(this.#identify(collection, row));
  }

  // The database goes back to what it was, and this page with it: from here on time may have run backwards.
  forgive() {
    this.#forgives = true;
    this.#versions.clear();
    this.#gone.clear();
    this.seen = [];
  }

  // A write to a row was acked while the page showed this.
  reads(collection, row, write) {
    this.#see(collection, this.#identify(collection, row), { acked: write, row: this.find(collection, row) });
  }

  #each() {
    return Object.entries(this.copy);
  }

  #identify(collection, row) {
    return identify(this.#product.keys[collection], row);
  }

  #begin() {
    this.#arrived.clear();
    // Another server may not have seen yet what the last one had, unless it resumes from there.
    if (this.live === "snapshots") this.#forget();
  }

  #forget() {
    this.#versions.clear();
    this.#gone.clear();
    for (const [, rows] of this.#each()) rows.clear();
    if (!this.#forgives) this.seen.push(new Map());
  }

  #snapshot(collection, rows, cursor) {
    this.#arrived.set(collection, rows);
    const isWhole = this.#arrived.size === this.#each().length;
    if (this.live === "snapshots") {
      this.#replace(collection, rows);
      this.whole = isWhole;
      return;
    }
    if (!isWhole) return;
    if (!this.whole) this.#forget();
    for (const [collection, rows] of this.#arrived) this.#replace(collection, rows);
    this.#arrived.clear();
    this.#take(cursor);
  }

  #changes({ cursor, ...news }) {
    if (!this.whole && !this.#since) return this.#violations("changes before everything");
    for (const [collection, { upserted, deleted }] of Object.entries(news)) {
      for (const row of upserted) this.#put(collection, row);
      for (const key of deleted) this.#drop(collection, identifyDeleted(this.#product.keys[collection], key));
    }
    this.#take(cursor);
  }

  #take(cursor) {
    this.#since = cursor;
    this.whole = true;
    this.#product.check(this.copy, (what, details) => this.#violations(what, details));
  }

  #replace(collection, rows) {
    const present = new Set(rows.map((row) => this.#identify(collection, row)));
    for (const id of this.copy[collection].keys()) if (!present.has(id)) this.#drop(collection, id);
    this.copy[collection].clear();
    for (const row of rows) this.#put(collection, row);
  }

  #put(collection, row) {
    const id = this.#identify(collection, row);
    if (this.#product.countsVersions) this.#versioned(collection, id, row);
    else this.#see(collection, id, { row });
    this.copy[collection].set(id, row);
    if (row.name) this.names.add(row.name);
  }

  #versioned(collection, id, row) {
    if (this.#gone.has(`${collection} ${id}`) && !this.#forgives) this.#violations("a deleted row is back", { collection, row });
    this.#version(`${collection} ${id}`, row);
    for (const part of this.#product.within(row)) this.#version(`${collection} ${id}, part ${part.id}`, part);
  }

  #version(key, row) {
    const known = this.#versions.get(key) ?? 0;
    if (row.version < known && !this.#forgives) this.#violations("a row went back in time", { key, known, row });
    this.#versions.set(key, row.version);
  }

  #drop(collection, id) {
    this.copy[collection].delete(id);
    this.#gone.add(`${collection} ${id}`);
    this.#see(collection, id, { isGone: true });
  }

  #see(collection, id, what) {
    if (this.#product.countsVersions || this.#forgives) return;
    const seen = this.seen.at(-1);
    const key = `${collection} ${id}`;
    if (!seen.has(key)) seen.set(key, []);
    seen.get(key).push(what);
  }

  #violations(what, details) {
    this.#faultLog.violation(what, { page: this.name, live: this.live, connection: this.socket.id, ...details });
  }
}

// All rows as they are shown wherever they are, in one order.
export const ordered = (product, rows) =>
  Object.keys(product.keys).map((collection) => {
    const shown = rows[collection].map((row) => [identify(product.keys[collection], row), product.shown(collection, row)]);
    return shown.sort(([one], [other]) => (one < other ? -1 : 1));
  });
