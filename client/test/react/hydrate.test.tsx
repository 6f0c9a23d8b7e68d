// @vitest-environment happy-dom
// What a server renders is what the page begins with, whatever the page has by then.

import { act, cleanup } from "@testing-library/react";
import { StrictMode, type ReactNode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../../src/index.ts";
import { createHooks } from "../../src/react.ts";
import { schema, type Collections } from "../../../api-schema/generated/schema.ts";
import type { Client } from "../../src/index.ts";
import { startServer } from "../support/server.ts";
import { waitUntilLive } from "../support/wait.ts";

afterEach(cleanup);

function page(client: Client<Collections>) {
  const { useCollection, useRow, usePending, useLastEdit, useConnection, useConflicts } = createHooks(client);
  return function Page() {
    const { rows, ready } = useCollection("coaches", { where: (coach) => coach.age > 30, sort: "name" });
    const { state, user, withheld, persisted } = useConnection();
    return (
      <main>
        <p>{ready ? rows.map((row) => row.name).join(", ") : "One moment…"}</p>
        <p>{[state, user?.id, withheld.length, `${persisted}`, useConflicts().length].join(" ")}</p>
        <p>{useRow("coaches", 1)?.name ?? "nobody"} {usePending("coaches", 1) ?? "settled"} {useLastEdit("coaches", 1)?.kind}</p>
      </main>
    );
  };
}

// As a process renders it that serves pages: it has no page of its own, and connects to nothing.
function rendered(): string {
  vi.stubGlobal("document", undefined);
  Reflect.deleteProperty(globalThis, "document");
  try {
    const Page = page(createClient(schema, { url: "http://127.0.0.1:9" }) as Client<Collections>);
    return renderToString(<StrictMode><Page /></StrictMode>);
  } finally {
    vi.unstubAllGlobals();
  }
}

async function hydrate(html: string, app: ReactNode): Promise<{ root: HTMLElement; first: string[] }> {
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  const wrong: string[] = [];
  const error = vi.spyOn(console, "error").mockImplementation((...said) => void wrong.push(said.join(" ")));
  await act(async () => {
    const mounted = hydrateRoot(root, app, { onRecoverableError: (error) => wrong.push(String(error)) });
    onTestFinished(() => mounted.unmount());
  });
  error.mockRestore();
  return { root, first: wrong };
}

test("hydration of a live page has no mismatch, and displays its rows", async () => {
  const html = rendered();
  expect(html).toContain("One moment…");
  expect(html).toContain("connecting");
  const server = await startServer();
  const client = server.open();
  await waitUntilLive(client);
  const write = client.update("coaches", { id: 1, name: "Mara L." });
  const Page = page(client);
  const { root, first } = await hydrate(html, <StrictMode><Page /></StrictMode>);
  expect(first).toEqual([]);
  expect(root.textContent).toContain("Mara L.");
  expect(root.textContent).toContain("live");
  await act(async () => void (await write));
  expect(root.textContent).toContain("Mara L. settled");
});

test("hydration before the connection has no mismatch, and follows it", async () => {
  const html = rendered();
  const server = await startServer();
  const client = server.open();
  const Page = page(client);
  const { root, first } = await hydrate(html, <StrictMode><Page /></StrictMode>);
  expect(first).toEqual([]);
  await act(() => waitUntilLive(client));
  expect(root.textContent).toContain("live");
});
