// A front end that writes in bursts and records each ack. Writes without a final ack are repeated with the same request
// id.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as pause } from "node:timers/promises";

// What is no answer yet.
const again = ["$unavailable", "$locked", "$unknown_outcome", "$internal"];

export class Writer {
  #product;
  #page;
  #writeLog;
  #faultLog;
  #random;
  #count = 0;

  constructor({ product, page, writeLog, faultLog, random }) {
    [this.#product, this.#page, this.#writeLog, this.#faultLog, this.#random] = [product, page, writeLog, faultLog, random];
  }

  // Until `left` gives no more.
  async write(left) {
    for (;;) {
      const burst = [];
      for (let size = this.#random.between(1, 5); size > 0 && left(); size -= 1) burst.push(this.one());
      if (burst.length === 0) return;
      await Promise.all(burst);
      await pause(this.#random.wait(500));
    }
  }

  async one() {
    const marker = `${this.#page.name} ${(this.#count += 1)}`;
    const write = this.#product.draw(this.#random, this.#writeLog.board, marker);
    write.id = randomUUID();
    write.told = [];
    const again = this.#random.chance(0.05);
    this.#writeLog.sent(write);
    const ack = await this.#carryOut(write);
    this.#writeLog.acked(write, ack);
    this.#reads(write, ack);
    if (!again) return;
    // As if the ack had never come.
    this.#faultLog.count("sent again on purpose");
    const second = await this.#carryOut(write);
    if (!isDeepStrictEqual(second, ack)) this.#faultLog.violation("a repeat was acked in another way", { write, second });
  }

  // Unacked writes are sent again by the stock client; `$unavailable` and unknown outcomes are repeated here.
  async #carryOut({ event, payload, id, told }) {
    for (;;) {
      let ack;
      try {
        ack = await this.#page.socket.emitWithAck(event, payload, { request_id: id });
      } catch {
        told.push({ at: this.#faultLog.now(), error: "no ack after all retries" });
        this.#faultLog.count("given up by the client");
        continue;
      }
      const key = again.find((key) => ack.errors?.[key]);
      if (!key) return ack;
      told.push({ at: this.#faultLog.now(), key, error: ack.errors[key] });
      this.#faultLog.count(key);
      await pause(this.#random.between(50, 400));
    }
  }

  // What a write changed was shown to its writer before the ack.
  #reads(write, { ok, data }) {
    if (!ok) return;
    const { collection, kind } = write;
    if (!this.#product.countsVersions) return this.#page.reads(collection, data, write);
    const row = this.#page.find(collection, data);
    const unsure = kind !== "delete" && !row && this.#writeLog.isDoomed(collection, data);
    const shown = kind === "delete" ? !row : row?.version >= data.version;
    if (!unsure && !shown) this.#faultLog.count("acked before shown");
  }
}
