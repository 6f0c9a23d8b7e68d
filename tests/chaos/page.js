// A front end that shows everything, and looks closely: what it was sent never goes back in time.
//
// On `snapshots` that holds for each connection. On `changes` it also holds from one to the next, if the server resumed
// from the page's cursor; and every change leaves a picture whose parts agree.

import { io } from "socket.io-client";
import { collections } from "@rowcast/test-support";
import { hash } from "./hash.js";

export class Page {
  copy = Object.fromEntries(collections.map((collection) => [collection, new Map()]));
  // Every name that any row ever had.
  names = new Set();
  // Whether this connection has shown everything.
  whole = false;
  #faultLog;
  #since;
  // Snapshots count as a whole: a cursor stands for all four.
  #arrived = new Map();
  // Versions by row, and rows that are gone, for as long as time must not go back.
  #versions = new Map();
  #gone = new Set();
  #forgives = false;

  constructor({ url, name, live, faultLog, options }) {
    [this.name, this.live, this.#faultLog] = [name, live, faultLog];
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
    return hash(collections.map((collection) => byId([...this.copy[collection].values()])));
  }

  has(collection, id) {
    return this.copy[collection].get(id);
  }

  // The database goes back to what it was, and this page with it: from here on time may have run backwards.
  forgive() {
    this.#forgives = true;
    this.#versions.clear();
    this.#gone.clear();
  }

  wasDeleted(collection, id) {
    return this.#gone.has(`${collection} ${id}`);
  }

  #begin() {
    this.#arrived.clear();
    // Another server may not have seen yet what the last one had, unless it resumes from there.
    if (this.live === "snapshots") this.#forget();
  }

  #forget() {
    this.#versions.clear();
    this.#gone.clear();
    for (const rows of Object.values(this.copy)) rows.clear();
  }

  #snapshot(collection, rows, cursor) {
    if (this.live === "snapshots") {
      this.#replace(collection, rows);
      this.#arrived.set(collection, rows);
      this.whole = this.#arrived.size === collections.length;
      return;
    }
    this.#arrived.set(collection, rows);
    if (this.#arrived.size < collections.length) return;
    if (!this.whole) this.#forget();
    for (const [collection, rows] of this.#arrived) this.#replace(collection, rows);
    this.#arrived.clear();
    this.#take(cursor);
  }

  #changes({ cursor, ...news }) {
    if (!this.whole && !this.#since) return this.#violations("changes before everything");
    for (const [collection, { upserted, deleted }] of Object.entries(news)) {
      for (const row of upserted) this.#put(collection, row);
      for (const id of deleted) this.#drop(collection, id);
    }
    this.#take(cursor);
  }

  #take(cursor) {
    this.#since = cursor;
    this.whole = true;
    for (const plan of this.copy.workout_plans.values()) {
      for (const shown of plan.exercise_moves) {
        const move = this.copy.exercise_moves.get(shown.id);
        if (move?.version !== shown.version) this.#violations("a plan shows a move as it is not", { plan, move });
      }
    }
  }

  #replace(collection, rows) {
    const present = new Set(rows.map(({ id }) => id));
    for (const id of this.copy[collection].keys()) if (!present.has(id)) this.#drop(collection, id);
    this.copy[collection].clear();
    for (const row of rows) this.#put(collection, row);
  }

  #put(collection, row) {
    if (this.wasDeleted(collection, row.id) && !this.#forgives) this.#violations("a deleted row is back", { collection, row });
    this.#versioned(`${collection} ${row.id}`, row);
    for (const move of row.exercise_moves ?? []) this.#versioned(`${collection} ${row.id}, move ${move.id}`, move);
    this.copy[collection].set(row.id, row);
    if (row.name) this.names.add(row.name);
  }

  #versioned(key, row) {
    const known = this.#versions.get(key) ?? 0;
    if (row.version < known && !this.#forgives) this.#violations("a row went back in time", { key, known, row });
    this.#versions.set(key, row.version);
  }

  #drop(collection, id) {
    this.copy[collection].delete(id);
    this.#gone.add(`${collection} ${id}`);
  }

  #violations(what, details) {
    this.#faultLog.violation(what, { page: this.name, live: this.live, connection: this.socket.id, ...details });
  }
}

const byId = (rows) => rows.sort((one, other) => one.id - other.id);
