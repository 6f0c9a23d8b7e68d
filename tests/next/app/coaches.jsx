"use client";

import { createClient } from "@rowcast/client";
import { indexedDb } from "@rowcast/client/indexeddb";
import { createHooks } from "@rowcast/client/react";
import { schema } from "../schema.js";

const client = createClient(schema, { url: process.env.NEXT_PUBLIC_ROWCAST, persistence: indexedDb("next") });
const { useCollection, useConnection } = createHooks(client);

export function Coaches() {
  const { rows, ready } = useCollection("coaches", { sort: "name" });
  const { state } = useConnection();
  return (
    <main>
      <p id="state">{state}</p>
      {ready ? rows.map(({ id, name, age }) => <button key={id} onClick={() => client.update("coaches", { id, age: age + 1 })}>{`${name}, ${age}`}</button>) : <p>One moment…</p>}
    </main>
  );
}
