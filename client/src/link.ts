// The connection: made again whenever it is lost, and told apart from one that is refused.

import { io, type ManagerOptions, type SocketOptions } from "socket.io-client";
import { backoff } from "./pending.ts";
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

export function createLink({ url, socket: more, auth, unauthorized, down, changed }: LinkOptions) {
  const page = globalThis as Partial<Pick<Window, "addEventListener" | "navigator">>;
  const open = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  const socket = io(url, {
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
    state: "connecting" as Connection["state"],
    reason: undefined as string | undefined,
    to,
    /** As somebody else, or from nothing. */
    again,
    /** Ends the wait for the next try. */
    reconnect(): void {
      if (!socket.connected) again();
    },
    close(): void {
      open.abort();
      clearTimeout(timer);
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
    if (!socket.connected) to(page.navigator?.onLine === false ? "offline" : "reconnecting");
  }

  function again(): void {
    clearTimeout(timer);
    if (open.signal.aborted) return;
    socket.disconnect().connect();
    to("reconnecting");
  }

  // A server that is there but cannot let us in just now.
  function later(reason?: string): void {
    to("reconnecting", reason);
    clearTimeout(timer);
    timer = setTimeout(again, backoff(tries++));
  }

  socket.on("connect", () => (tries = 0));
  socket.on("disconnect", (why) => {
    // What was emitted while the connection was dying unnoticed must not leave behind our back.
    socket.sendBuffer.length = 0;
    down();
    lost();
    // Told to go, as by a server that restarts.
    if (why === "io server disconnect") later();
  });
  socket.on("connect_error", (error: Error & { data?: { errors?: Record<string, string> } }) => {
    // Could not be reached; it tries again by itself.
    if (socket.active) return lost();
    const errors = error.data?.errors ?? {};
    if (errors.$unauthorized) {
      unauthorized(errors.$unauthorized);
      again();
    } else if (errors.$unavailable) later(errors.$unavailable);
    else to("refused", Object.values(errors)[0] ?? error.message);
  });
  page.addEventListener?.("online", link.reconnect, open);
  page.addEventListener?.("offline", lost, open);
  return link;
}
