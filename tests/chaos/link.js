// Faults of one relayed connection.
//
// They are most frequent when they matter: after an event has left for the server and before its ack has arrived.

import { FrameSplitter } from "@rowcast/test-support";

// Probability of a fault for each event, and the weights of the faults.
const FAULT_PROBABILITY = 0.09;
const FAULT_WEIGHTS = { lost: 1, half: 2, after: 2, unacked: 5, late: 1 };
// Mean lifetime of a connection, in milliseconds.
const MEAN_LIFETIME = 8000;
// In milliseconds; longer than the ack timeout of the clients.
const ACK_DELAY = 2300;

export class Link {
  #relay;
  #link;
  #random;
  // Data of the server is forwarded; held back; discarded up to an ack; or cut off within a frame.
  #state = "open";
  #held = [];
  #timers = [];
  #closed = false;

  constructor(relay, link, random) {
    [this.#relay, this.#link, this.#random] = [relay, link, random];
    const [up, down] = [new FrameSplitter(), new FrameSplitter()];
    link.client.on("data", (chunk) => this.#each(up.split(chunk), (piece) => this.#up(piece)));
    link.server.on("data", (chunk) => this.#each(down.split(chunk), (piece) => this.#down(piece)));
    for (const side of [link.client, link.server]) side.on("close", () => this.#onClose());
    this.#later(random.wait(MEAN_LIFETIME), () => {
      if (this.#relay.calm || this.#state !== "open") return;
      if (random.chance(0.5)) this.#state = "torn";
      else this.#cut("cut at rest");
    });
  }

  #onClose() {
    this.#closed = true;
    this.#timers.forEach(clearTimeout);
  }

  #each(pieces, pass) {
    for (const piece of pieces) if (!this.#closed) pass(piece);
  }

  #up({ bytes, kind }) {
    const spared = kind !== "event" || this.#relay.calm || this.#state !== "open" || !this.#random.chance(FAULT_PROBABILITY);
    const fault = spared ? "none" : this.#random.weighted(FAULT_WEIGHTS);
    if (fault === "lost") return this.#cut("cut before an event");
    if (fault === "half") return this.#tear(this.#link.server, bytes, "cut within an event");
    this.#link.server.write(bytes);
    if (fault === "after") this.#later(this.#random.between(0, 20), () => this.#cut("cut after an event"));
    if (fault === "late") {
      this.#state = "held";
      this.#later(ACK_DELAY, () => this.#release());
    }
    if (fault === "unacked") {
      this.#state = "unacked";
      this.#later(ACK_DELAY, () => this.#cut("cut after an event"));
    }
  }

  #down({ bytes, kind }) {
    if (this.#state === "held") this.#held.push(bytes);
    else if (this.#state === "unacked") kind === "ack" && this.#cut("cut before an ack");
    else if (this.#state === "torn") this.#tear(this.#link.client, bytes, "cut within a frame");
    else this.#link.client.write(bytes);
  }

  #release() {
    this.#relay.faultLog.fault("acks held back");
    this.#state = "open";
    for (const bytes of this.#held.splice(0)) this.#link.client.write(bytes);
  }

  // Sends a part of the bytes, and closes the connection.
  #tear(side, bytes, what) {
    const part = bytes.subarray(0, this.#random.between(1, Math.max(1, bytes.length - 1)));
    this.#relay.faultLog.fault(what);
    this.#onClose();
    side.end(part, () => this.#link.close());
  }

  // Closes both sides, each with a FIN or a reset.
  #cut(what) {
    this.#relay.faultLog.fault(what);
    for (const side of [this.#link.client, this.#link.server]) side[this.#random.chance(0.5) ? "destroy" : "resetAndDestroy"]();
    this.#onClose();
    this.#link.close();
  }

  #later(wait, then) {
    this.#timers.push(setTimeout(() => this.#closed || then(), wait));
  }
}
