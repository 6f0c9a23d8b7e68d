// One connection of a client, passed on to a server, and what goes wrong with it.
//
// With preference it goes wrong when it matters: once an event has left for the server and its ack has not come back.

import { Pieces } from "./frames.js";

// One event in so many comes to grief, in these ways.
const unlucky = 0.09;
const fates = { lost: 1, half: 2, after: 2, unacked: 5, late: 1 };
// How long a connection holds on average, whatever goes over it, in milliseconds.
const lifetime = 8000;
// Longer than any client waits for its ack.
const late = 2300;

export class Link {
  #relay;
  #near;
  #far;
  #random;
  // What the server sends passes; is held back; is thrown away until an ack is cut off; or is torn in the middle.
  #state = "open";
  #held = [];
  #timers = [];
  #over = false;

  constructor(relay, near, far, random) {
    [this.#relay, this.#near, this.#far, this.#random] = [relay, near, far, random];
    const [upward, downward] = [new Pieces(), new Pieces()];
    near.on("data", (chunk) => this.#each(upward.of(chunk), (piece) => this.#up(piece)));
    far.on("data", (chunk) => this.#each(downward.of(chunk), (piece) => this.#down(piece)));
    for (const side of [near, far]) side.on("error", () => {}).on("close", () => this.end());
    this.#later(random.wait(lifetime), () => {
      if (this.#relay.calm || this.#state !== "open") return;
      if (random.chance(0.5)) this.#state = "torn";
      else this.#cut("cut at rest");
    });
  }

  end() {
    if (!this.#over) this.ended?.();
    this.#over = true;
    this.#timers.forEach(clearTimeout);
    this.#near.destroy();
    this.#far.destroy();
  }

  #each(pieces, pass) {
    for (const piece of pieces) if (!this.#over) pass(piece);
  }

  #up({ bytes, kind }) {
    const spared = kind !== "event" || this.#relay.calm || this.#state !== "open" || !this.#random.chance(unlucky);
    const fate = spared ? "none" : this.#random.weighted(fates);
    if (fate === "lost") return this.#cut("cut before an event");
    if (fate === "half") return this.#tear(this.#far, bytes, "cut within an event");
    this.#far.write(bytes);
    if (fate === "after") this.#later(this.#random.between(0, 20), () => this.#cut("cut after an event"));
    if (fate === "late") {
      this.#state = "held";
      this.#later(late, () => this.#release());
    }
    if (fate === "unacked") {
      this.#state = "unacked";
      this.#later(late, () => this.#cut("cut after an event"));
    }
  }

  #down({ bytes, kind }) {
    if (this.#state === "held") this.#held.push(bytes);
    else if (this.#state === "unacked") kind === "ack" && this.#cut("cut before an ack");
    else if (this.#state === "torn") this.#tear(this.#near, bytes, "cut within a frame");
    else this.#near.write(bytes);
  }

  #release() {
    this.#relay.journal.fault("acks held back");
    this.#state = "open";
    for (const bytes of this.#held.splice(0)) this.#near.write(bytes);
  }

  // Sends a part of it, and no more.
  #tear(side, bytes, what) {
    const part = bytes.subarray(0, this.#random.between(1, Math.max(1, bytes.length - 1)));
    this.#relay.journal.fault(what);
    this.#over = true;
    side.end(part, () => this.end());
    this.ended?.();
  }

  // Both sides, each with an orderly end or with a reset.
  #cut(what) {
    this.#relay.journal.fault(what);
    for (const side of [this.#near, this.#far]) side[this.#random.chance(0.5) ? "destroy" : "resetAndDestroy"]();
    this.end();
  }

  #later(wait, then) {
    this.#timers.push(setTimeout(() => this.#over || then(), wait));
  }
}
