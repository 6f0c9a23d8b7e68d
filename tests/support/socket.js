// Stock clients of a server.

import { io } from "socket.io-client";
import { TIMEOUT, withTimeout } from "./wait.js";

export { io };

export const collections = ["coaches", "workout_plans", "exercise_moves", "schedules"];

// One socket, with the collections as they were last sent, like a store in a page.
export function openSocket(test, url, options = {}) {
  const socket = io(url, { transports: ["websocket"], reconnectionDelay: 20, reconnectionDelayMax: 100, ...options });
  test.after(() => socket.disconnect());
  const store = {};
  for (const collection of collections) socket.on(collection, (rows) => (store[collection] = rows));
  const request = (event, ...payload) => socket.timeout(TIMEOUT).emitWithAck(event, ...payload);
  const isComplete = () => collections.every((name) => store[name]);
  const waitFor = (what, condition) => waitForSocket(socket, () => isComplete() && condition(store), what);
  return { socket, store, request, waitFor };
}

export const nextEvent = (socket, event) =>
  withTimeout(new Promise((resolve) => socket.once(event, resolve)), `the event ${event}`);

// Resolves once the condition holds; checks it after each event.
export function waitForSocket(socket, condition, what) {
  const holds = new Promise((resolve) => {
    const check = () => {
      if (!condition()) return;
      socket.offAny(checkLater);
      resolve();
    };
    // The listeners that fill the store are called after this one.
    const checkLater = () => queueMicrotask(check);
    socket.onAny(checkLater);
    check();
  });
  return withTimeout(holds, what);
}
