// The connection: made again whenever it is lost, and told apart from one that is refused.

import { io, type ManagerOptions, type SocketOptions } from "socket.io-client";
import type { Connection } from "./types.ts";

export interface LinkOptions {
  url: string | undefined;
  socket: Partial<ManagerOptions & SocketOptions> | undefined;
  auth(): object;
  /** The server will not have the token. */
  unauthorized(sentence: string): void;
  down(): void;
  changed(): void;
}

export type Link = ReturnType<typeof createLink>;

export function createLink({ url, socket: more, auth, unauthorized, down, changed }: LinkOptions) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  let closed = false;

  const socket = io(url ?? globalThis.location?.origin, {
    // Straight to a WebSocket, and to polling where something between will not have one.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    ...more,
    // Its state is ours: it starts when the kept picture is there, and what is not sent is kept by the queue.
    forceNew: true,
    autoConnect: false,
    retries: 0,
    auth: (send) => send(auth()),
  });

  const link = {
    socket,
    /** Counts connections. */
    number: 0,
    state: "connecting" as Connection["state"],
    reason: undefined as string | undefined,
    to,
    reconnect,
    /** As somebody else, or from nothing. */
    again(): void {
      socket.disconnect();
      reconnect();
    },
    close(): void {
      closed = true;
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", reconnect);
      globalThis.removeEventListener?.("offline", lost);
      socket.disconnect().off();
      to("offline");
    },
  };

  function to(state: Connection["state"], reason?: string): void {
    link.state = state;
    link.reason = reason;
    changed();
  }

  function lost(): void {
    if (!socket.connected) to(globalThis.navigator?.onLine === false ? "offline" : "reconnecting");
  }

  function reconnect(): void {
    clearTimeout(timer);
    if (closed || socket.connected) return;
    to(link.number ? "reconnecting" : "connecting");
    // Ends the wait for the next try.
    socket.disconnect().connect();
  }

  // A server that is there but cannot let us in just now is asked again, after a second, and up to fifteen.
  function later(): void {
    clearTimeout(timer);
    timer = setTimeout(reconnect, Math.min(15_000, 1000 * 2 ** tries++) * (0.5 + Math.random() / 2));
  }

  socket.on("connect", () => {
    link.number++;
    tries = 0;
  });
  socket.on("disconnect", (why) => {
    // What was emitted while the connection was dying unnoticed must not leave behind our back.
    socket.sendBuffer.length = 0;
    if (closed) return;
    lost();
    down();
    // Told to go, as by a server that restarts.
    if (why === "io server disconnect") later();
  });
  socket.on("connect_error", (error: Error & { data?: { errors?: Record<string, string> } }) => {
    // Could not be reached; it tries again by itself.
    if (socket.active) return lost();
    const errors = error.data?.errors ?? {};
    const { $unauthorized, $unavailable } = errors;
    if ($unauthorized) {
      unauthorized($unauthorized);
      reconnect();
    } else if ($unavailable) {
      to("reconnecting", $unavailable);
      later();
    } else to("refused", Object.values(errors)[0] ?? error.message);
  });
  globalThis.addEventListener?.("online", reconnect);
  globalThis.addEventListener?.("offline", lost);
  return link;
}
