// In a program of Node's, from import to end: the compiled package, in a process of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { schema } from "../../../api-schema/generated/schema.ts";
import { startServer } from "../support/server.ts";
import { withTimeout } from "../support/wait.ts";

const client = join(dirname(fileURLToPath(import.meta.url)), "../..");
let folder: string;

async function run(path: string, ...args: string[]): Promise<{ said: string; code: number }> {
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
  const [code] = await withTimeout(once(child, "close"), "the process to end by itself").finally(() => child.kill("SIGKILL"));
  return { said: said.trim(), code };
}

async function program(lines: string): Promise<string> {
  const path = join(folder, `${Math.random()}.mjs`.slice(2));
  const head = `import { createClient } from "./index.js";\nimport { createHooks } from "./react.js";\nconst schema = ${JSON.stringify(schema)};\n`;
  await writeFile(path, head + lines);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(client, ".node-"));
  const compiler = join(client, "../node_modules/typescript/bin/tsc");
  expect(await run(compiler, "-p", join(client, "tsconfig.build.json"), "--outDir", folder)).toEqual({ said: "", code: 0 });
});
afterAll(() => rm(folder, { recursive: true }));

test.each([["with the server's address", true], ["without one", false]])("rendering %s opens no connection, and the process ends", async (_, named) => {
  let connected = 0;
  const nobody = createServer((socket) => (connected++, socket.destroy()));
  await once(nobody.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void nobody.close());
  const url = `http://127.0.0.1:${(nobody.address() as { port: number }).port}`;
  const path = await program(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { indexedDb } from "./indexeddb.js";
    const { useCollection, useConnection } = createHooks(createClient(schema, { ${named ? `url: "${url}",` : ""} persistence: indexedDb("gym") }));
    const Page = () => createElement("p", null, useCollection("coaches").ready ? "ready" : "One moment…", " ", useConnection().state);
    console.log(renderToString(createElement(Page)));`);
  expect(await run(path)).toEqual({ said: "<p>One moment…<!-- --> <!-- -->connecting</p>", code: 0 });
  expect(connected).toBe(0);
});

test("a program that closes its client ends", async () => {
  const { url } = await startServer();
  const path = await program(`
    const client = createClient(schema, { url: process.argv[2] });
    const end = client.subscribe(async () => {
      if (client.connection().state !== "live") return;
      end();
      const { ok } = await client.update("coaches", { id: 1, age: 70 });
      console.log(ok, client.rows("coaches").length, client.row("coaches", 1).age);
      client.close();
    });`);
  expect(await run(path, url)).toEqual({ said: "true 5 70", code: 0 });
});

test("a first write connects, and close ends a client without a server", async () => {
  const path = await program(`
    const client = createClient(schema, { url: "http://127.0.0.1:9" });
    client.create("coaches", { name: "Ada" }).then(({ errors }) => console.log(Object.keys(errors)));
    const end = client.subscribe(() => client.connection().state === "reconnecting" && (end(), client.close()));`);
  expect(await run(path)).toEqual({ said: "[ '$closed' ]", code: 0 });
});
