// What `docker compose up` asks for, as far as the file says it: no password in it is one that everybody knows.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const file = await readFile(new URL("../../docker-compose.yml", import.meta.url), "utf8");

test("docker-compose.yml requires POSTGRES_PASSWORD and has no default", () => {
  const uses = file.match(/\$\{POSTGRES_PASSWORD[^}]*\}/g);
  assert.equal(uses.length, 2);
  for (const use of uses) assert.match(use, /^\$\{POSTGRES_PASSWORD:\?.+\}$/);
});

test("docker-compose.yml sets no other password", () => {
  const set = file.split("\n").filter((line) => /^\s*[\w]*(PASSWORD|SECRET|TOKEN)\w*:/.test(line));
  assert.equal(set.length, 2);
  assert.doesNotMatch(file, /:\/\/[^\s/]*:[^\s/]*@/, "no address with a password");
});
