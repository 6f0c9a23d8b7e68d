// The connection: made again whenever it is lost, and told apart from one that is refused.

import { io } from "socket.io-client";
import { backoff } from "./pending.ts";
import type { Connection, SocketSettings } from "./types.ts";

export interface LinkOptions {
  url: string | undefined;
  socket: SocketSettings | undefined;
  auth(): object;
  /** The server will not have the token. */
  unauthorized(sentence: string): void;
  down(): void;
  to(state: Connection["state"], reason?: string): void;
}

export function createLink({ url, socket: more, auth, unauthorized, down, to }: LinkOptions) {
  const page = globalThis as Partial<Pick<Window, "addEventListener" | "navigator">>;
  const open = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  // A path in the address is where the server is; socket.io-client would take it for a namespace.
  const [, host, path = ""] = /(\w+:\/\/[^/]+)(\/[^?#]*)/.exec(url!) ?? [, url];

  const socket = io(host, {
    path: path.replace(/\/*$/, "/socket.io"),
    // Straight to a WebSocket, and to polling where something between will not have one.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    ...more,
    // Its state is ours: it starts when the kept picture is there, and what is not sent is kept by the queue.
    forceNew: true,
    autoConnect: false,
    auth: (send) => send(auth()),
  });

  function lost(): void {
    if (!socket.connected) to(page.navigator?.onLine === false ? "offline" : "reconnecting");
  }

  // Ends the wait for the next try.
  const reconnect = () => socket.connected || again();

  // As somebody else, or from nothing.
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
    const sentence = Object.values(errors)[0] ?? error.message;
    if ("$unauthorized" in errors) {
      unauthorized(sentence);
      again();
    } else if ("$unavailable" in errors) later(sentence);
    else to("refused", sentence);
  });
  page.addEventListener?.("online", reconnect, open);
  // A network that is gone closes nothing. A server on the device itself lets us in again at once.
  page.addEventListener?.("offline", again, open);

  return {
    socket,
    again,
    reconnect,
    close(): void {
      open.abort();
      clearTimeout(timer);
      socket.disconnect().off();
      to("offline");
    },
  };
}
