// Replaces socket.io-client's socket: events pass in both directions when the test says so.

import type { Model } from "./model.ts";

export class ModelSocket {
  connected = false;
  active = true;
  io = { opts: { transports: ["websocket", "polling"] }, timeout: (_?: number): unknown => 5000 };
  sendBuffer: unknown[] = [];
  static latest: ModelSocket;
  static model: Model;
  #listeners = new Map<string, ((...args: any[]) => void)[]>();
  #auth: (send: (auth: any) => void) => void;

  constructor(options: { auth: (send: (auth: any) => void) => void }) {
    this.#auth = options.auth;
    ModelSocket.latest = this;
  }

  on(event: string, listener: (...args: any[]) => void): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  off(): void {
    this.#listeners.clear();
  }

  connect(): this {
    return this;
  }

  disconnect(): this {
    if (this.connected) this.down("io client disconnect");
    return this;
  }

  emit(event: string, ...args: any[]): void {
    if (!this.connected) throw new Error("emitted without a connection");
    const { model } = ModelSocket;
    const request = args[1]?.request_id;
    if (request && !model.first.has(request)) model.first.set(request, model.time);
    // As on the wire: a copy.
    model.connection!.up.push([event, ...args.map((arg) => (typeof arg === "function" ? arg : structuredClone(arg)))]);
  }

  up(): void {
    this.#auth((auth) => ModelSocket.model.connect(auth));
    this.connected = true;
    this.deliver("connect");
  }

  down(why = "transport close"): void {
    ModelSocket.model.connection = undefined;
    this.connected = false;
    this.deliver("disconnect", why);
  }

  deliver = (event: string, ...args: any[]): void => {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  };
}
