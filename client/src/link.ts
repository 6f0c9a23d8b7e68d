// The connection: made again whenever it is lost, and told apart from one that is refused.

import { io } from "socket.io-client";
import { page, type Until } from "./page.ts";
import { backoff } from "./pending.ts";
import type { Connection, SocketSettings } from "./types.ts";

// How long a WebSocket may take to open, and the answer whether a connection is alive, in milliseconds.
const DEADLINE = 5000;
// How long both ways of connecting may take together, where the first one hangs.
const BOTH = 25_000;
// What tells that a page has been asleep, or that the network is another one.
const WAKES = ["online", "pageshow", "resume", "visibilitychange"];

export interface LinkOptions {
  url: string | undefined;
  socket: SocketSettings | undefined;
  until: Until;
  auth(): object;
  /** The server will not have the token. */
  unauthorized(sentence: string): void;
  down(): void;
  to(state: Connection["state"], reason?: string | false): void;
  /** The connection has been found to be alive. */
  alive(): void;
}

// `description` is the HTTP status where it is a number.
type ConnectError = Error & { data?: { errors?: Record<string, string> }; description?: unknown };

export function createLink({ url, socket: more, until, auth, unauthorized, down, to, alive }: LinkOptions) {
  let begun = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  // Whether a connection was lost, or a try has failed, since the last one that was made at once.
  let failed = false;
  let asking = false;

  // A path in the address is where the server is; socket.io-client would take it for a namespace.
  const [, host, below = ""] = /(\w+:\/\/[^/]+)([^?#]*)/.exec(url!) ?? [, url];

  const socket = io(host, {
    path: below.replace(/\/*$/, "/socket.io"),
    // Straight to a WebSocket, and to polling where something between will not have one.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    timeout: DEADLINE,
    ...more,
    // Its state is ours: it starts when the kept picture is there, and what is not sent is kept by the queue.
    forceNew: true,
    autoConnect: false,
    auth: (send) => send(auth()),
  });

  function lost(reason?: string | false): void {
    failed = true;
    to(page.navigator?.onLine === false ? "offline" : "reconnecting", reason);
  }

  // As somebody else, or from nothing.
  function again(): void {
    clearTimeout(timer);
    if (!begun || until.signal.aborted) return;
    failed = false;
    socket.disconnect().connect();
    to("reconnecting");
  }

  // A server that is there but cannot let us in just now.
  function later(reason?: string): void {
    lost(reason);
    clearTimeout(timer);
    timer = setTimeout(again, backoff(tries++));
  }

  // Ends the wait for the next try. A connection that passes nothing any more closes by nothing, so one that is there is asked.
  function reconnect(): void {
    if (!socket.connected) again();
    else if (!asking) {
      asking = true;
      to("reconnecting");
      socket.timeout(DEADLINE).emit("me", (late: unknown) => {
        asking = false;
        if (socket.connected) late ? again() : alive();
      });
    }
  }

  // The first try is left alone, because its deadline is near enough; and so is a page that is shown for the first time.
  function wake({ persisted }: { persisted?: boolean }): void {
    if (persisted !== false && page.document?.visibilityState !== "hidden" && (socket.connected || failed)) reconnect();
  }

  socket.on("connect", () => (tries = 0));
  socket.on("disconnect", (why) => {
    // What was emitted while the connection was dying unnoticed must not leave behind our back.
    socket.sendBuffer.length = 0;
    down();
    // Told to go, as by a server that restarts.
    if (why === "io server disconnect") later();
    else lost();
  });
  socket.on("connect_error", (error: ConnectError) => {
    const { message, description } = error;
    // Could not be reached; it tries again by itself.
    if (socket.active) {
      const { io } = socket;
      // Something swallows WebSockets: the other way first, which is upgraded later, and with more time. Or the other way round.
      if (message === "timeout") io.opts.transports!.reverse() && io.timeout(BOTH - (io.timeout() as number));
      const answer = (description as number) > 0 ? `HTTP ${description}` : message === "server error" && "not Socket.IO";
      return lost(answer && `${host}${io.opts.path}: ${answer}`);
    }
    const errors = error.data?.errors ?? {};
    const sentence = Object.values(errors)[0] ?? message;
    if (errors.$unauthorized) {
      unauthorized(sentence);
      again();
    } else if (errors.$unavailable || errors.$rate_limited) later(sentence);
    else to("refused", sentence);
  });
  for (const type of WAKES) for (const target of [page, page.document]) target?.addEventListener?.(type, wake, until);
  // A network that is gone closes nothing. A server on the device itself lets us in again at once.
  page.addEventListener?.("offline", again, until);

  return {
    socket,
    again,
    reconnect,
    asking: () => asking,
    begin(): void {
      // Without an address there is nobody to connect to.
      if ((begun = !!host)) socket.connect();
    },
    close(): void {
      clearTimeout(timer);
      socket.disconnect().off();
      to("offline");
    },
  };
}
