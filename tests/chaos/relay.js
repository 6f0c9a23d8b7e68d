// Where all clients connect: each connection goes on to a server that lives, until something goes wrong with it.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Link } from "./link.js";

export class Relay {
  #links = new Set();
  #listener;
  // Nothing goes wrong any more from then on.
  calm = false;

  constructor({ nodes, journal, random }) {
    this.journal = journal;
    const choice = random("relay");
    let made = 0;
    this.#listener = createServer({ noDelay: true }, (near) => {
      const living = nodes.filter((node) => node.up);
      if (living.length === 0) return near.on("error", () => {}).destroy();
      const far = connect({ port: choice.pick(living).port, host: "127.0.0.1", noDelay: true });
      const link = new Link(this, near, far, random(`link ${(made += 1)}`));
      this.#links.add(link);
      link.ended = () => this.#links.delete(link);
    });
  }

  async listen() {
    await once(this.#listener.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  close() {
    this.#listener.close();
    for (const link of this.#links) link.end();
  }
}
