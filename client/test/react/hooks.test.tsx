// @vitest-environment happy-dom
// The hooks in a page, under StrictMode, against the server.

import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, expect, test } from "vitest";
import { createHooks } from "../../src/react.ts";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

afterEach(cleanup);

async function gym() {
  const server = await startServer();
  const client = server.open();
  return { client, server, ...createHooks(client) };
}

test("useCollection sorts, filters and follows changes", async () => {
  const { client, server, useCollection } = await gym();
  function CollectionName() {
    const { rows, ready } = useCollection("coaches", { where: (coach) => coach.age > 30, sort: "-age" });
    return <p>{ready ? rows.map((coach) => coach.name).join(", ") : "…"}</p>;
  }
  render(<StrictMode><CollectionName /></StrictMode>);
  expect(screen.getByText("…")).toBeDefined();
  await act(() => waitUntilLive(client));
  const names = () => [...client.rows("coaches")].filter((one) => one.age > 30).sort((one, two) => two.age - one.age).map((one) => one.name).join(", ");
  expect(screen.getByText(names())).toBeDefined();

  const other = server.open();
  await waitUntilLive(other);
  await other.update("coaches", { id: 1, age: 99 });
  await waitFor(() => expect(client.row("coaches", 1)!.age).toBe(99));
  await waitFor(() => expect(screen.getByText(names()).textContent).toMatch(/^Mara/));
});

test("useCollection sorts hours by the time of day", async () => {
  const { client, useCollection } = await gym();
  await waitUntilLive(client);
  for (const hour of ["1330", "730", "900"]) await client.create("schedules", { day: "Sunday", hour, coach: { id: 1 }, workout_plan: { id: 1 } });
  function Hours() {
    const { rows } = useCollection("schedules", { where: { day: "Sunday" }, sort: "hour" });
    return <p>{rows.map((one) => one.hour).join(", ")}</p>;
  }
  render(<StrictMode><Hours /></StrictMode>);
  expect(screen.getByText("730, 900, 1330")).toBeDefined();
});

test("useRow renders again for its row only", async () => {
  const { client, useRow, usePending } = await gym();
  await waitUntilLive(client);
  const renders: Record<number, number> = { 1: 0, 2: 0 };
  function Coach({ id }: { id: number }) {
    const coach = useRow("coaches", id);
    const pending = usePending("coaches", id);
    renders[id]!++;
    return <p>{coach?.name} {pending ?? "settled"}</p>;
  }
  render(<StrictMode><Coach id={1} /><Coach id={2} /></StrictMode>);
  const before = { ...renders };
  let write!: Promise<unknown>;
  await act(async () => void (write = client.update("coaches", { id: 1, name: "Mara L." })));
  expect(screen.getByText("Mara L. update")).toBeDefined();
  await act(async () => void (await write));
  expect(screen.getByText("Mara L. settled")).toBeDefined();
  expect(renders[1]).toBeGreaterThan(before[1]!);
  expect(renders[2]).toBe(before[2]);
});

test("useRow follows a placeholder to its real row", async () => {
  const { client, useRow } = await gym();
  await waitUntilLive(client);
  const write = client.create("coaches", { name: "Ada Byron", age: 36, picture: "https://example.com/ada.png" });
  function Page() {
    const coach = useRow("coaches", write.id);
    return <p>{coach ? `${coach.name}, version ${coach.version}` : "gone"}</p>;
  }
  render(<StrictMode><Page /></StrictMode>);
  expect(screen.getByText("Ada Byron, version 0")).toBeDefined();
  await act(async () => void (await write));
  expect(screen.getByText("Ada Byron, version 1")).toBeDefined();
  await act(async () => void (await client.update("coaches", { id: 6, name: "Ada King" })));
  expect(screen.getByText("Ada King, version 2")).toBeDefined();
});

test("useConnection, useConflicts and useLastEdit return the current state", async () => {
  const { client, server, useConnection, useConflicts, useLastEdit } = await gym();
  function Status() {
    const { state, pendingCount } = useConnection();
    const edit = useLastEdit("coaches", 1);
    return <p>{`${state} ${pendingCount} ${useConflicts().length} ${edit?.kind ?? "untouched"}`}</p>;
  }
  render(<StrictMode><Status /></StrictMode>);
  expect(screen.getByText("connecting 0 0 untouched")).toBeDefined();
  await act(() => waitUntilLive(client));
  expect(screen.getByText("live 0 0 untouched")).toBeDefined();
  const other = server.open();
  await waitUntilLive(other);
  await other.update("coaches", { id: 1, age: 40 });
  await act(async () => void (await client.update("coaches", { id: 1, version: 1, age: 41 })));
  await waitFor(() => expect(screen.getByText("live 0 1 updated")).toBeDefined());
  await act(async () => client.conflicts()[0]!.keepTheirs());
  expect(screen.getByText("live 0 0 updated")).toBeDefined();
});

test("unmounting ends all subscriptions", async () => {
  const { client, useCollection, useRow, useConnection } = await gym();
  await waitUntilLive(client);
  let renders = 0;
  function Page() {
    renders++;
    useRow("coaches", 1);
    useConnection();
    return <p>{useCollection("coaches").rows.length}</p>;
  }
  const page = render(<StrictMode><Page /></StrictMode>);
  page.unmount();
  const before = renders;
  await act(async () => void (await client.update("coaches", { id: 1, age: 40 })));
  expect(renders).toBe(before);
});
