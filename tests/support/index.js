// What the JavaScript tests share. Functions that take `test` release their resources in `test.after`.

export { FrameSplitter } from "./frames.js";
export { freePort } from "./port.js";
export { startRelay } from "./relay.js";
export { startServer } from "./server.js";
export { collections, io, nextEvent, openSocket, waitForSocket } from "./socket.js";
export { TIMEOUT, pollUntil, retry, withTimeout } from "./wait.js";
