// The example chat with its admin namespace, its clients, and the state of a page. All of it ends with the test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

const program =
  process.env.ADMIN_EXAMPLE ?? fileURLToPath(new URL("../../../../target/debug/examples/admin", import.meta.url));

// Far longer than a loaded machine needs.
export const patience = 30_000;
export const user = { username: "ada", password: "open sesame" };

export async function chat(test, settings = {}) {
  const sockets = [];
  let child;
  let port = 0;

  async function start() {
    const env = { ...process.env, ADMIN_USER: user.username, ADMIN_PASSWORD: user.password, ...settings, PORT: String(port) };
    child = spawn(program, { stdio: ["ignore", "pipe", "inherit"], env });
    const [line] = await within(once(createInterface(child.stdout), "line"), "the server to listen");
    port = Number(line.split(":").at(-1));
  }

  async function stop() {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await within(ended, "the server to end");
  }

  test.after(async () => {
    for (const socket of sockets) socket.disconnect();
    if (child.exitCode === null && child.signalCode === null) await stop();
  });
  await start();

  // Every socket has a separate connection, as from different clients.
  const socket = (namespace, options) => {
    const made = io(url() + namespace, { transports: ["websocket"], forceNew: true, reconnection: false, ...options });
    sockets.push(made);
    return made;
  };
  const url = () => `http://127.0.0.1:${port}`;

  return {
    url,
    stop,
    start,
    async client(namespace = "/", options = {}) {
      const client = socket(namespace, options);
      await within(once(client, "connect"), "a client to connect");
      return client;
    },
    // Like the page, it listens before any event can arrive.
    async page(auth = user, options = {}) {
      const page = new Page(socket("/admin", { ...options, auth }));
      await within(page.entered, "the page to connect");
      return page;
    },
    refused(auth, options = {}) {
      const page = socket("/admin", { ...options, auth });
      const refused = new Promise((resolve, reject) => {
        page.on("connect_error", resolve);
        page.on("connect", () => reject(new Error("the page was let in")));
      });
      return within(refused, "the page to be refused");
    },
  };
}

// A page's store with strict checks: a repeated socket or room, or an event of an unknown one, is an error.
export class Page {
  sockets = new Map();
  events = [];
  stats = [];
  lists = 0;
  faults = [];

  constructor(socket) {
    this.socket = socket;
    this.entered = new Promise((resolve, reject) => {
      socket.on("connect", resolve);
      socket.on("connect_error", reject);
    });
    socket.onAny((name, ...args) => {
      this.received = (this.received ?? 0) + JSON.stringify([name, ...args]).length;
      this.text = (this.text ?? "") + JSON.stringify([name, ...args]);
    });
    socket.on("session", (id) => (this.session = id));
    socket.on("config", (config) => (this.features = config.supportedFeatures));
    socket.on("server_stats", (stats) => this.stats.push(stats));
    socket.on("all_sockets", (all) => this.#all(all));
    socket.on("socket_connected", (one, at) => this.#connected(one, at));
    socket.on("socket_updated", (one) => this.#with(one.id, (known) => Object.assign(known, one)));
    socket.on("socket_disconnected", (nsp, id, reason) => this.#gone(nsp, id, reason));
    socket.on("room_joined", (nsp, room, id) => this.#with(id, (known) => this.#join(known, room)));
    socket.on("room_left", (nsp, room, id) => this.#leave(room, id));
    for (const name of ["event_received", "event_sent"]) {
      socket.on(name, (nsp, id, args, at) => this.events.push({ type: name, nsp, id, args, at }));
    }
  }

  #all(all) {
    this.lists += 1;
    this.sockets = new Map(all.map((one) => [one.id, one]));
    if (this.sockets.size !== all.length) this.faults.push("a list with one socket twice");
  }

  #connected(one, at) {
    if (this.lists > 0 && this.sockets.has(one.id)) this.faults.push(`${one.id} connected twice`);
    if (Number.isNaN(Date.parse(at))) this.faults.push(`no time: ${at}`);
    this.sockets.set(one.id, one);
  }

  #with(id, then) {
    const known = this.sockets.get(id);
    if (known) then(known);
    else this.faults.push(`told of ${id}, which is not there`);
  }

  #join(known, room) {
    if (known.rooms.includes(room)) this.faults.push(`${known.id} joined ${room} twice`);
    known.rooms.push(room);
  }

  #gone(nsp, id, reason) {
    this.#with(id, (known) => (this.left = { id, nsp, reason, rooms: new Set(known.rooms) }));
    this.sockets.delete(id);
  }

  #leave(room, id) {
    if (this.left?.id === id) return void this.left.rooms.delete(room);
    this.#with(id, (known) => (known.rooms = known.rooms.filter((one) => one !== room)));
  }

  ids(namespace) {
    return [...this.sockets.values()].filter((one) => one.nsp === namespace).map((one) => one.id);
  }

  rooms(id) {
    return [...(this.sockets.get(id)?.rooms ?? [])].sort();
  }

  // Resolves once `so` is true of the page's state.
  until(what, so) {
    return until(this.socket, what, so);
  }

  total(type) {
    const all = this.stats.flatMap((stats) => stats.aggregatedEvents).filter((one) => one.type === type);
    return all.reduce((sum, one) => sum + one.count, 0);
  }
}

export function until(socket, what, so) {
  const met = new Promise((resolve) => {
    const look = () => {
      if (!so()) return;
      socket.offAny(look);
      resolve();
    };
    // After the page's own listeners for the event, which run after these.
    socket.onAny(() => queueMicrotask(look));
    look();
  });
  return within(met, what);
}

export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
