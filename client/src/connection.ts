// The connection: restored whenever it is lost, except after a refusal.

import { io } from "socket.io-client";
import type { Connection } from "./model.ts";
import { page, type ListenerOptions } from "./page.ts";
import { backoff } from "./pending.ts";
import type { SocketSettings } from "./types.ts";

// For a WebSocket to open, and for the answer to a probe, in milliseconds.
const TIMEOUT = 5000;
// For both transports together if the first one hangs.
const TOTAL_TIMEOUT = 25_000;
// After a page was suspended, or on another network.
const WAKE_EVENTS = ["online", "pageshow", "resume", "visibilitychange"];

export interface ConnectionOptions {
  url: string | undefined;
  socket: SocketSettings | undefined;
  until: ListenerOptions;
  auth(): object;
  /** The server rejects the token. */
  onUnauthorized(sentence: string): void;
  onDisconnect(): void;
  setState(state: Connection["state"], reason?: string | false): void;
  /** A probe was answered. */
  onAlive(): void;
}

// `description` is the HTTP status if it is a number.
type ConnectError = Error & { data?: { errors?: Record<string, string> }; description?: unknown };

export function createConnection({
  url,
  socket: settings,
  until,
  auth,
  onUnauthorized,
  onDisconnect,
  setState,
  onAlive,
}: ConnectionOptions) {
  let opened = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  // Whether a connection was lost, or a try has failed, since the last `reconnectNow`.
  let failed = false;
  let probing = false;

  // The path of the address is the server's base path; socket.io-client would take it for a namespace.
  const [, host, basePath = ""] = /(\w+:\/\/[^/]+)([^?#]*)/.exec(url!) ?? [, url];

  const socket = io(host, {
    path: basePath.replace(/\/*$/, "/socket.io"),
    // A WebSocket at once, and polling where a proxy blocks WebSockets.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    timeout: TIMEOUT,
    ...settings,
    // The client connects after the persisted rows are loaded, and its own queue holds what is not sent.
    forceNew: true,
    autoConnect: false,
    auth: (send) => send(auth()),
  });

  function onLost(reason?: string | false): void {
    failed = true;
    setState(page.navigator?.onLine === false ? "offline" : "reconnecting", reason);
  }

  // With a new connection, as another user or without a cursor.
  function reconnectNow(): void {
    clearTimeout(timer);
    if (!opened || until.signal.aborted) return;
    failed = false;
    socket.disconnect().connect();
    setState("reconnecting");
  }

  // For a server that is reachable but temporarily accepts no connection.
  function retryLater(reason?: string): void {
    onLost(reason);
    clearTimeout(timer);
    timer = setTimeout(reconnectNow, backoff(tries++));
  }

  // Ends the delay before the next try. An existing connection is probed: a dead one does not close by itself.
  function reconnect(): void {
    if (!socket.connected) reconnectNow();
    else if (!probing) {
      probing = true;
      setState("reconnecting");
      socket.timeout(TIMEOUT).emit("me", (late: unknown) => {
        probing = false;
        if (socket.connected) late ? reconnectNow() : onAlive();
      });
    }
  }

  // Not during the first try, whose timeout is short, and not when a page is first displayed.
  function onWake({ persisted }: { persisted?: boolean }): void {
    if (persisted !== false && page.document?.visibilityState !== "hidden" && (socket.connected || failed)) reconnect();
  }

  socket.on("connect", () => (tries = 0));
  socket.on("disconnect", (why) => {
    // Events emitted on a dying connection must not be sent by the next one; the queue repeats writes.
    socket.sendBuffer.length = 0;
    onDisconnect();
    // Disconnected by the server, for example because it restarts.
    if (why === "io server disconnect") retryLater();
    else onLost();
  });
  socket.on("connect_error", (error: ConnectError) => {
    const { message, description } = error;
    // The server was not reached; socket.io-client tries again.
    if (socket.active) {
      const { io } = socket;
      // The WebSocket hangs: polling first, with a longer timeout, and an upgrade later. Or the other way round.
      if (message === "timeout") io.opts.transports!.reverse() && io.timeout(TOTAL_TIMEOUT - (io.timeout() as number));
      const answer = (description as number) > 0 ? `HTTP ${description}` : message === "server error" && "not Socket.IO";
      return onLost(answer && `${host}${io.opts.path}: ${answer}`);
    }
    const errors = error.data?.errors ?? {};
    const sentence = Object.values(errors)[0] ?? message;
    if (errors.$unauthorized) {
      onUnauthorized(sentence);
      reconnectNow();
    } else if (errors.$unavailable || errors.$rate_limited) retryLater(sentence);
    else setState("refused", sentence);
  });
  for (const type of WAKE_EVENTS) for (const target of [page, page.document]) target?.addEventListener?.(type, onWake, until);
  // The loss of the network closes no connection. A server on the same device accepts a new one at once.
  page.addEventListener?.("offline", reconnectNow, until);

  return {
    socket,
    reconnectNow,
    reconnect,
    probing: () => probing,
    open(): void {
      // Without an address there is no server to connect to.
      if ((opened = !!host)) socket.connect();
    },
    close(): void {
      clearTimeout(timer);
      socket.disconnect().off();
      setState("offline");
    },
  };
}
