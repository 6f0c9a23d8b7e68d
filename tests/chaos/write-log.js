// Every write, and what its writer was told became of it.

import { names } from "./operations.js";

export class WriteLog {
  writes = [];
  // Rows that are there as far as acks tell, with the newest version heard of: what writers choose from.
  board = Object.fromEntries(Object.keys(names).map((collection) => [collection, new Map()]));
  // What other programs did, as their notes say; known in the end.
  foreign = [];
  answered = 0;
  // Rows that somebody has asked to delete: from then on nobody can be sure of them.
  doomed = new Set();
  #faultLog;

  constructor(faultLog) {
    this.#faultLog = faultLog;
  }

  sent(write) {
    write.sent = this.#faultLog.now();
    this.writes.push(write);
    if (write.kind === "delete") this.doomed.add(`${write.collection} ${write.payload.id}`);
  }

  acked(write, ack) {
    [write.acked, write.ack] = [this.#faultLog.now(), ack];
    this.answered += 1;
    if (!ack.ok) return;
    const rows = this.board[write.collection];
    if (write.kind === "delete") rows.delete(write.payload.id);
    else if (write.kind === "create") rows.set(ack.data.id, 1);
    else if (rows.has(ack.data.id)) rows.set(ack.data.id, Math.max(ack.data.version, rows.get(ack.data.id)));
  }

  // From there on nothing has been written, by the hand of whoever restored a backup.
  undo(from, board) {
    for (const write of this.writes.slice(from)) write.undone = true;
    this.board = board;
    this.doomed.clear();
  }

  isDoomed(collection, id) {
    return this.doomed.has(`${collection} ${id}`);
  }

  get unanswered() {
    return this.writes.filter((write) => !write.ack);
  }
}
