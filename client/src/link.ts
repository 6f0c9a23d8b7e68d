// The connection: made again whenever it is lost, and told apart from one that is refused.

import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import type { Connection } from "./types.ts";

export interface LinkOptions {
  url: string | undefined;
  socket: Partial<ManagerOptions & SocketOptions> | undefined;
  auth(): object;
  /** The server will not have the token: it is to be forgotten. */
  unauthorized(sentence: string): void;
  /** The connection is there, or gone. */
  up(): void;
  down(): void;
  changed(): void;
}

// A server that is there but cannot let us in just now is asked again, in milliseconds.
const [SOON, LATE] = [1000, 15_000];

export class Link {
  readonly socket: Socket;
  /** Counts connections. */
  number = 0;
  state: Connection["state"] = "connecting";
  reason: string | undefined;
  #options: LinkOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #asked = new Set<() => void>();
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { url, socket } = options;
    this.socket = io(url ?? globalThis.location?.origin, {
      // Straight to a WebSocket, and to polling where something between will not have one.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      ...socket,
      // Its state is ours: it starts when the kept picture is there, and what is not sent is kept by the queue.
      forceNew: true,
      autoConnect: false,
      retries: 0,
      auth: (send) => send(options.auth()),
    });
    this.socket.on("connect", () => {
      this.number++;
      this.#tries = 0;
      options.up();
    });
    this.socket.on("disconnect", (why) => {
      // What was emitted while the connection was dying unnoticed must not leave behind our back.
      this.socket.sendBuffer.length = 0;
      for (const lost of this.#asked) lost();
      if (this.#closed) return;
      this.#to(offline());
      options.down();
      // Told to go, which a restarting server does too.
      if (why === "io server disconnect") this.#later();
    });
    this.socket.on("connect_error", (error: Error & { data?: { errors?: Record<string, string> } }) => {
      // Could not be reached; it tries again by itself.
      if (this.socket.active) return this.#to(offline());
      const { $unauthorized, $unavailable, ...others } = error.data?.errors ?? {};
      if ($unauthorized) {
        options.unauthorized($unauthorized);
        this.#to("connecting", $unauthorized);
        this.socket.connect();
      } else if ($unavailable) {
        this.#to("reconnecting", $unavailable);
        this.#later();
      } else this.#to("refused", Object.values(others)[0] ?? error.message);
    });
    globalThis.addEventListener?.("online", this.#online);
    globalThis.addEventListener?.("offline", this.#offline);
  }

  get session(): number {
    return this.socket.connected ? this.number : 0;
  }

  /** What is shown is what the server has. */
  live(reason?: string): void {
    this.#to("live", reason);
  }

  /** One question, one answer; undefined if the connection is lost before it comes. */
  ask(event: string, ...payload: unknown[]): Promise<any> {
    return new Promise((resolve) => {
      if (!this.socket.connected) return resolve(undefined);
      const done = (ack?: unknown) => {
        this.#asked.delete(done);
        resolve(ack);
      };
      this.#asked.add(done);
      this.socket.emit(event, ...payload, done);
    });
  }

  reconnect(): void {
    if (this.#closed || this.socket.connected) return;
    clearTimeout(this.#timer);
    // Ends the wait for the next try.
    this.socket.disconnect().connect();
    this.#to(this.number ? "reconnecting" : "connecting");
  }

  /** As somebody else, or from nothing. */
  again(): void {
    this.socket.disconnect();
    this.reconnect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.removeEventListener?.("offline", this.#offline);
    this.socket.disconnect();
    this.socket.off();
    this.#to("offline");
  }

  #online = () => this.reconnect();
  #offline = () => this.socket.connected || this.#to("offline");

  #later(): void {
    clearTimeout(this.#timer);
    const wait = Math.min(LATE, SOON * 2 ** this.#tries++) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.reconnect(), wait);
  }

  #to(state: Connection["state"], reason?: string): void {
    this.state = state;
    this.reason = reason;
    this.#options.changed();
  }
}

const offline = () => (globalThis.navigator?.onLine === false ? "offline" : "reconnecting");
