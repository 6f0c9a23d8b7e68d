// Types of the functions that tests in TypeScript use.

import type { Socket } from "node:net";

export interface TestContext {
  after(release: () => void | Promise<void>): void;
}

export interface TestServer {
  url: string;
  start(): Promise<void>;
  /** Ends the server with SIGTERM. */
  stop(): Promise<number | null>;
  kill(): Promise<number | null>;
}

export interface ServerOptions {
  sample?: string;
  settings?: string[];
}

export function startServer(test: TestContext, options?: ServerOptions): Promise<TestServer>;

export interface RelayLink {
  client: Socket;
  server: Socket;
  /** Destroys both sides. */
  close(): void;
}

export interface TcpRelay {
  url: string;
  links: Set<RelayLink>;
  closeAll(): void;
}

export interface RelayOptions {
  accept?: () => unknown;
  attach?: (link: RelayLink) => void;
}

export function startRelay(test: TestContext, target: string | (() => string), options?: RelayOptions): Promise<TcpRelay>;

export function withTimeout<T>(promise: Promise<T>, what: string, time?: number): Promise<T>;
