// A client over the socket that the test plays, where what is tested is what a server does rarely.

import { createClient, memoryTokens, type Client, type ClientOptions } from "../../src/index.ts";
import { remoteEdits } from "../../src/remote-edits.ts";
import { Model, schema } from "../interleaving/model.ts";
import { ModelSocket } from "../interleaving/socket.ts";

export { schema };

export function mockPage(options: ClientOptions & { hash?: string } = {}) {
  const model = new Model();
  ModelSocket.model = model;
  for (const name of ["one", "two"]) model.write("new_box", { name });
  const client = createClient<any>(schema as any, { url: "http://model", tokens: memoryTokens(), remoteEdits: remoteEdits(), ...options }) as Client<any>;
  // A page is rendered and listens.
  client.subscribe(() => {});
  const socket = ModelSocket.latest;
  return {
    model,
    client,
    socket,
    /** Everything that is on its way arrives. */
    settle() {
      while (model.connection && model.connection.up.length + model.connection.down.length > 0) {
        if (model.connection.up.length) model.up();
        else model.down(socket.deliver, false);
      }
    },
  };
}

/** The callbacks of settled promises have run by then. */
export async function ticks(): Promise<void> {
  for (let n = 0; n < 8; n++) await Promise.resolve();
}
