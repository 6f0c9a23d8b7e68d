// The one client of this page, and the hooks that read it.

import { createClient, localTokens } from "@rowcast/client";
import { indexedDb } from "@rowcast/client/indexeddb";
import { createHooks } from "@rowcast/client/react";
import { remoteEdits } from "@rowcast/client/remote-edits";
import { type Collections, schema } from "@schema";

import { reportRestoredWrite } from "../forms/background.ts";
import { base, named } from "./base.ts";

export const client = createClient(schema, {
  url: location.origin + base.slice(0, -1),
  tokens: localTokens(named("rowcast.token")),
  persistence: indexedDb(named("rowcast-planner")),
  onRestoredWriteSettled: reportRestoredWrite,
  remoteEdits: remoteEdits(),
});

// While the planner is worked on, a new version of this module takes the place of this one.
import.meta.hot?.dispose(() => client.close());

export const { useCollection, useRow, usePending, useLastEdit, useConnection, useConflicts } = createHooks(client);

/** A collection's name on the wire. */
export type Name = keyof Collections;
export type Row<K extends Name> = Collections[K]["row"];

/** Whether the server does not send a collection, because it is too large. */
export const useWithheld = (collection: Name) => useConnection().withheld.includes(collection);

/** The signed-in user. */
export function useUser(): { id: number; name: string } | null {
  const { user } = useConnection();
  return user && { id: user.id, name: String(user["name"]) };
}
