// Thousands of rows: the cost of one change, and the listeners that it calls.

import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { waitUntilLive, waitForClient } from "../support/wait.ts";

test("one change among 5,000 rows replaces one object", async () => {
  const server = await startServer();
  // The author may arrive later, and is a change of its own.
  const [here, there] = [server.open(), server.open({ remoteEdits: undefined })];
  await Promise.all([waitUntilLive(here), waitUntilLive(there)]);
  const coach = (n: number) => ({ name: `Coach ${n}`, age: 30, picture: "https://example.com/ada.png" });
  const acks = await Promise.all(Array.from({ length: 5000 }, (_, n) => here.create("coaches", coach(n))));
  expect(acks.every((ack) => ack.ok)).toBe(true);
  await waitForClient(there, () => there.rows("coaches").length === 5005, "all of them");

  const before = there.rows("coaches");
  const told = { collection: 0, row: 0, others: 0 };
  there.subscribeTo("coaches", undefined, () => told.collection++);
  for (const { id } of before) there.subscribeTo("coaches", id, () => (id === 2500 ? told.row++ : told.others++));
  await here.update("coaches", { id: 2500, name: "Somebody Else" });
  await waitForClient(there, () => there.row("coaches", 2500)!.name === "Somebody Else", "the change");

  const after = there.rows("coaches");
  expect(after.filter((row, n) => row !== before[n])).toEqual([there.row("coaches", 2500)]);
  expect(told).toEqual({ collection: 1, row: 1, others: 0 });
});
