// Members at work: some write and wait for their acks, and every few seconds another one opens the page and signs in.

import { setTimeout as pause } from "node:timers/promises";
import { io, withTimeout } from "@rowcast/test-support";

// Of the sample gym.
export const usernames = ["mara", "teo"];
export const password = "a password for soaking";
const writers = 10;

export class Honest {
  #url;
  #over = false;
  #acks = [];
  #entries = [];
  #refused = 0;
  #errors = 0;

  static async begin(test, url) {
    const honest = new Honest(url);
    const sockets = [];
    for (let at = 0; at < writers; at += 1) sockets.push(await honest.#enter(usernames[at % usernames.length]));
    test.after(() => {
      honest.#over = true;
      for (const socket of sockets) socket.disconnect();
    });
    sockets.forEach((socket, at) => honest.#write(socket, at));
    honest.#come();
    return honest;
  }

  constructor(url) {
    this.#url = url;
  }

  forget() {
    [this.#acks, this.#entries, this.#refused, this.#errors] = [[], [], 0, 0];
  }

  measured() {
    const acks = [...this.#acks].sort((one, other) => one - other);
    const at = (part) => Number((acks[Math.floor(acks.length * part)] ?? 0).toFixed(1));
    const slowest = Math.round(Math.max(0, ...this.#entries));
    return { acks: acks.length, p50: at(0.5), p99: at(0.99), newcomers: this.#entries.length, refused: this.#refused, errors: this.#errors, slowest };
  }

  // Connects and signs in.
  async #enter(username) {
    const socket = io(this.#url, { transports: ["websocket"], forceNew: true, auth: { live: "changes" } });
    try {
      await withTimeout(new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject)), "a connection");
      const ack = await socket.timeout(20_000).emitWithAck("login", { username, password });
      if (!ack.ok) throw new Error(JSON.stringify(ack.errors));
      socket.auth = { live: "changes", token: ack.data.token };
      return socket;
    } catch (error) {
      socket.disconnect();
      throw error;
    }
  }

  // Counts an error and prints it, unless it is one of many.
  #fail(reason) {
    if (this.#over) return;
    this.#errors += 1;
    if (this.#errors <= 3) console.log(reason);
  }

  async #write(socket, at) {
    socket.on("disconnect", (reason) => this.#fail(`writer ${at} was disconnected: ${reason}`));
    const made = await socket.emitWithAck("new_exercise_move", {
      ...{ name: `Soak ${at}`, focus: "Core", description: "Written again and again." },
      video_link: "https://example.com/soak",
    });
    for (let count = 0; !this.#over; count += 1) {
      const began = performance.now();
      try {
        const ack = await socket.timeout(20_000).emitWithAck("update_exercise_move", { id: made.data.id, description: `Written ${count} times.` });
        if (ack.ok) this.#acks.push(performance.now() - began);
        else this.#fail(`writer ${at}: ${JSON.stringify(ack.errors)}`);
      } catch (error) {
        this.#fail(`writer ${at}: ${error.message}`);
      }
      await pause(50);
    }
  }

  async #come() {
    for (let count = 0; !this.#over; count += 1) {
      await pause(3000);
      const began = performance.now();
      try {
        const socket = await this.#enter(usernames[count % usernames.length]);
        this.#entries.push(performance.now() - began);
        socket.disconnect();
      } catch (error) {
        if (this.#over) return;
        this.#refused += 1;
        console.log(`a newcomer is kept out: ${error.message}`);
      }
    }
  }
}
