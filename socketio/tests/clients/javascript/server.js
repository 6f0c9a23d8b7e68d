// A separate example program for each test, on a free port, and stock clients. All of it ends with the test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

const programs =
  process.env.SOCKETIO_EXAMPLES ?? fileURLToPath(new URL("../../../../target/debug/examples", import.meta.url));

// Timeout of every operation; far longer than a loaded machine needs.
export const patience = 20_000;

export async function serve(test, example, env = {}) {
  let child;
  let port = 0;
  const sockets = [];

  async function start() {
    const settings = { env: { ...process.env, RUST_BACKTRACE: "0", ...env, PORT: port }, stdio: ["ignore", "pipe", "inherit"] };
    child = spawn(`${programs}/${example}`, [], settings);
    const [line] = await within(once(createInterface(child.stdout), "line"), "the server to listen");
    port = Number(line.split(":").at(-1));
    child.stdout.resume();
  }

  async function end(signal) {
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = await within(ended, "the server to end");
    return code;
  }

  test.after(async () => {
    for (const socket of sockets) socket.disconnect();
    if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
  });
  await start();

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    // A client with a separate connection.
    open(namespace = "/", { url = this.url, ...options } = {}) {
      const quick = { reconnectionDelay: 20, reconnectionDelayMax: 100, transports: ["websocket"] };
      const socket = io(url + namespace, { forceNew: true, ...quick, ...options });
      sockets.push(socket);
      return socket;
    },
    // The same, once it is connected.
    async connect(namespace, options) {
      const socket = this.open(namespace, options);
      await heard(socket, "connect");
      return socket;
    },
    // Another namespace on a client's connection.
    beside(socket, namespace, options) {
      const other = socket.io.socket(namespace, options);
      sockets.push(other);
      return other;
    },
  };
}

// The arguments of the next event of that name.
export const heard = (socket, event) =>
  within(new Promise((resolve) => socket.once(event, (...args) => resolve(args))), `the event ${event}`);

// Waits for the upgrade to WebSocket. A client whose server stops during it would wait for its next ping.
export async function settled(socket, transports) {
  const { engine } = socket.io;
  if (transports.at(-1) !== "websocket" || engine.transport.name === "websocket") return;
  await within(new Promise((resolve) => engine.once("upgrade", resolve)), "the upgrade");
}

// The server's ack. Everything that it sent this client earlier has been received by then.
export const ask = (socket, event, ...args) => socket.timeout(patience).emitWithAck(event, ...args);

// All arguments of an event, and a way to wait for a number of them. With recovery the last one is the event's
// offset, and is left out.
export function listen(socket, event) {
  const list = [];
  socket.on(event, (...args) => {
    if (socket._pid) args.pop();
    list.push(args.length > 1 ? args : args[0]);
  });
  const reach = (count) => until(socket, () => list.length >= count, `${count} times ${event}`);
  // Not enumerable, so that the list compares as a list.
  return Object.defineProperty(list, "reach", { value: reach });
}

// Resolves once the condition holds; checks it on every event.
export function until(socket, so, what) {
  const holds = new Promise((resolve) => {
    const look = () => {
      if (!so()) return;
      socket.offAny(later);
      resolve();
    };
    // The listeners run after this one.
    const later = () => queueMicrotask(look);
    socket.onAny(later);
    look();
  });
  return within(holds, what);
}

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
