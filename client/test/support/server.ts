// A server for one test, and typed clients of it.

import { onTestFinished } from "vitest";
import { createClient, memoryTokens, type Client, type ClientOptions } from "../../src/index.ts";
import { remoteEdits } from "../../src/remote-edits.ts";
import { schema, type Collections } from "../../../api-schema/generated/schema.ts";
import { startServer as start, type TestServer } from "../../../tests/support/index.js";

export type Gym = Client<Collections>;

export interface Server extends Omit<TestServer, "open"> {
  open(options?: ClientOptions): Gym;
}

export async function startServer(settings: string[] = [], sample = "always"): Promise<Server> {
  const server = await start({ after: onTestFinished }, { settings, sample });
  return { ...server, open: (options) => openClient(server.url, options) };
}

/** A client that reconnects quickly, so that tests need not wait. */
export function openClient(url: string, options: ClientOptions = {}): Gym {
  const socket = { reconnectionDelay: 20, reconnectionDelayMax: 100, ...options.socket };
  const client = createClient(schema, { url, tokens: memoryTokens(), remoteEdits: remoteEdits(), ...options, socket });
  onTestFinished(() => client.close());
  return client;
}
