// All writes with their acks.

import { names } from "./operations.js";

export class WriteLog {
  writes = [];
  // The existing rows according to the acks, with the newest known version: writers choose from these.
  board = Object.fromEntries(Object.keys(names).map((collection) => [collection, new Map()]));
  // What other programs did, as their notes say; known in the end.
  foreign = [];
  answered = 0;
  // Rows with a requested delete: their existence is uncertain from then on.
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

  // Marks the writes that the restore of a backup has undone.
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
