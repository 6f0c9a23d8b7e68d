// The proxy of docs/operations/nodes.md: HAProxy with the very block that stands there, at addresses of ours.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort, pollUntil, withTimeout } from "@rowcast/test-support";

const manual = readFileSync(new URL("../../docs/operations/nodes.md", import.meta.url), "utf8");
const names = ["one", "two"];

// `requests` is how many one address may send in ten seconds, if that is to be so few that a test meets it.
export async function proxy(test, nodes, { requests } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-proxy-"));
  const [port, admin] = [await freePort(), join(folder, "admin.sock")];
  const file = join(folder, "haproxy.cfg");
  await writeFile(file, settings(port, admin, nodes, requests));
  // In the foreground, so that it ends with our word. Debian keeps it where only root's PATH leads.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "inherit"], env });
  test.after(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGTERM")) await withTimeout(ended, "the proxy to end");
    await rm(folder, { recursive: true });
  });
  const failed = once(child, "exit").then(
    ([code]) => assert.fail(`the proxy ended with ${code}`),
    ({ message }) => assert.fail(`the proxy cannot be started: apt-get install haproxy (${message})`),
  );
  // After the start, an exit shows in the tests that use the proxy.
  failed.catch(() => {});

  // What it thinks of each node, in the words of `show stat`: UP, or DOWN, or on the way from the one to the other.
  async function states() {
    const [head, ...lines] = (await ask(admin, "show stat")).trim().split("\n").map((line) => line.split(","));
    const [at, status] = [head.indexOf("svname"), head.indexOf("status")];
    return names.map((name) => lines.find((line) => line[at] === name)[status]);
  }
  const counts = (which, state) => pollUntil(`node ${names[which]} to be ${state}`, async () => (await states())[which] === state);

  const running = pollUntil("the proxy to run", () => states().catch(() => null));
  await Promise.race([running, failed]);
  return { url: `http://127.0.0.1:${port}`, counts };
}

// The block with our addresses. Each must be there, or it is not what we think it is.
function settings(port, admin, nodes, requests) {
  const blocks = [...manual.matchAll(/^```haproxy\n([^]*?)^```$/gm)];
  assert.equal(blocks.length, 1, "one configuration in docs/operations/nodes.md");
  const replaced = [
    ["bind :80\n", `bind 127.0.0.1:${port}\n`],
    ["/run/haproxy/admin.sock", admin],
    ["10.0.0.11:5555", new URL(nodes[0].url).host],
    ["10.0.0.12:5555", new URL(nodes[1].url).host],
  ];
  if (requests) replaced.push(["http_req_rate gt 10000", `http_req_rate gt ${requests}`]);
  // Only root can change its user.
  if (process.getuid() !== 0) replaced.push(["    user haproxy\n", ""], ["    group haproxy\n", ""]);
  return replaced.reduce((block, [theirs, ours]) => {
    const parts = block.split(theirs);
    assert.equal(parts.length, 2, `${theirs} in the configuration, once`);
    return parts.join(ours);
  }, blocks[0][1]);
}

async function ask(admin, question) {
  const socket = connect(admin);
  socket.end(`${question}\n`);
  return text(socket);
}
