// Two people change the same row.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

test("a conflicting update is resolved by keepMine or keepTheirs", async () => {
  const server = await startServer();
  const [here, there] = [server.open(), server.open()];
  await Promise.all([waitUntilLive(here), waitUntilLive(there)]);
  const base = here.row("coaches", 1)!;
  await there.update("coaches", { id: 1, name: "Mara L." });

  const ack = await here.update("coaches", { id: 1, version: 1, age: 40 });
  expect(ack.errors).toHaveProperty("$conflict");
  const [conflict] = here.conflicts();
  expect(ack.conflict).toBe(conflict);
  expect(conflict).toMatchObject({ collection: "coaches", id: 1, changes: { age: 40 } });
  expect(conflict!.theirs).toEqual({ ...base, name: "Mara L.", version: 2 });
  expect(conflict!.mine).toMatchObject({ age: 40 });
  expect(here.row("coaches", 1)).toMatchObject({ name: "Mara L.", age: base.age });

  // Another change by the other client updates `theirs`.
  await there.update("coaches", { id: 1, name: "M. L." });
  await waitForClient(here, () => here.conflicts()[0]?.theirs.version === 3, "the row as it stands");
  expect(await here.conflicts()[0]!.keepMine()).toMatchObject({ ok: true, data: { name: "M. L.", age: 40, version: 4 } });
  expect(here.conflicts()).toEqual([]);

  await here.update("coaches", { id: 1, version: 1, age: 50 });
  here.conflicts()[0]!.keepTheirs();
  expect(here.conflicts()).toEqual([]);
  expect(here.row("coaches", 1)).toMatchObject({ age: 40 });
});

test("earlier writes of the same client cause no conflict, another client's write between them does", async () => {
  const server = await startServer();
  const [here, there] = [server.open(), server.open()];
  await Promise.all([waitUntilLive(here), waitUntilLive(there)]);
  const version = here.row("coaches", 1)!.version;
  const acks = await Promise.all([40, 41, 42].map((age) => here.update("coaches", { id: 1, version, age })));
  expect(acks.map((ack) => ack.data?.version)).toEqual([2, 3, 4]);

  await there.update("coaches", { id: 2, name: "Teo O." });
  const [first, second] = [1, 1].map((version) => here.update("coaches", { id: 2, version, age: 42 }));
  expect((await first!).errors).toHaveProperty("$conflict");
  expect((await second!).errors).toHaveProperty("$conflict");
});
