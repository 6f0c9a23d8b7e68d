// The page in the README does what the README says.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { io } from "socket.io-client";
import { serve, until } from "./server.js";

const readme = new URL("../../../README.md", import.meta.url);

test("the README's page lists the coaches and adds one", { skip: !existsSync(readme) }, async (t) => {
  const [, script] = /<script type="module">([^]*?)<\/script>/.exec(readFileSync(readme, "utf8"));
  assert.match(script, /import \{ io \} from "https:/);
  const server = await serve(t);
  let socket;
  const connect = (url, options) => {
    assert.equal(url, "http://localhost:5555");
    return (socket = io(server.url, options));
  };
  t.after(() => socket.disconnect());

  // As much of a browser as the page needs.
  const elements = {};
  const document = { getElementById: (id) => (elements[id] ??= { innerText: "" }) };
  let fields = {};
  const FormData = function () {
    return Object.entries(fields);
  };
  const page = script.replace(/^\s*import .*$/m, "");
  new Function("io", "document", "FormData", page)(connect, document, FormData);
  const submit = (values) => {
    fields = values;
    elements.form.onsubmit({ preventDefault() {}, target: {} });
  };
  const lines = () => document.getElementById("coaches").innerText.split("\n");
  const errors = () => document.getElementById("errors").innerText;

  await until(socket, () => lines().length === 5, "the sample gym's coaches");
  submit({ name: "Ada", age: "36" });
  await until(socket, () => lines().includes("Ada, 36"), "the new coach");
  submit({ name: "Bob", age: "17" });
  await socket.timeout(20_000).emitWithAck("refresh");
  assert.match(errors(), /"age": "must be at least 18"/);
  assert.equal(lines().length, 6);
});
