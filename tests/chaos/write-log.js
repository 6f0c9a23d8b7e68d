// All writes with their acks.

import { identify, keyOf } from "./keys.js";

export class WriteLog {
  writes = [];
  // The existing rows according to the acks, by key, with the newest known version, and versions that they have left
  // behind for certain: writers choose from these.
  board;
  // What other programs did, as their notes say; known in the end.
  foreign = [];
  answered = 0;
  // Rows with a requested delete: their existence is uncertain from then on.
  doomed = new Set();
  #product;
  #faultLog;

  constructor(product, faultLog) {
    [this.#product, this.#faultLog] = [product, faultLog];
    this.board = Object.fromEntries(product.written.map((name) => [name, new Map()]));
  }

  sent(write) {
    write.sent = this.#faultLog.now();
    this.writes.push(write);
    if (write.kind === "delete") this.doom(write.collection, write.payload);
  }

  acked(write, ack) {
    [write.acked, write.ack] = [this.#faultLog.now(), ack];
    this.answered += 1;
    if (!ack.ok) return;
    if (write.kind === "delete") this.remove(write.collection, ack.data);
    else if (write.kind === "create") this.put(write.collection, ack.data);
    else this.changed(write.collection, ack.data, write.payload.version);
  }

  put(collection, row) {
    const columns = this.#product.keys[collection];
    this.board[collection].set(identify(columns, row), { key: keyOf(columns, row), version: row.version, past: [] });
  }

  changed(collection, row, from) {
    const known = this.board[collection].get(this.#identify(collection, row));
    if (!known) return;
    known.version = this.#product.newest(known.version, row.version);
    if (from !== undefined) known.past.push(from);
  }

  remove(collection, row) {
    this.board[collection].delete(this.#identify(collection, row));
  }

  // Marks the writes that the restore of a backup has undone.
  undo(from, board) {
    for (const write of this.writes.slice(from)) write.undone = true;
    this.board = board;
    this.doomed.clear();
  }

  doom(collection, row) {
    this.doomed.add(`${collection} ${this.#identify(collection, row)}`);
  }

  isDoomed(collection, row) {
    return this.doomed.has(`${collection} ${this.#identify(collection, row)}`);
  }

  get unanswered() {
    return this.writes.filter((write) => !write.ack);
  }

  #identify(collection, row) {
    return identify(this.#product.keys[collection], row);
  }
}
