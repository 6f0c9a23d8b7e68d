// The nginx of docs/operations/proxy.md: with the very block that stands there, at addresses of ours.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, pollUntil, withTimeout } from "@rowcast/test-support";

const manual = readFileSync(new URL("../../docs/operations/proxy.md", import.meta.url), "utf8");

// `below` is the `location` that takes the place of `/`, `to` the address that it passes on to, `requests` how many one address
// may send at once, if that is to be so few that a test meets it.
export async function nginx(test, server, { below = "/", to = "http://rowcast", requests } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "rowcast-nginx-"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  for (const kept of ["body", "proxy", "fastcgi", "uwsgi", "scgi"]) await mkdir(join(folder, kept));
  await writeFile(file, around(folder, block(port, new URL(server.url).host, below, to, requests)));
  // In the foreground, so that it ends with our word. Debian keeps it where only root's PATH leads.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn("nginx", ["-p", folder, "-e", "stderr", "-c", file], { stdio: ["ignore", "ignore", "inherit"], env });
  test.after(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGTERM")) await withTimeout(ended, "nginx to end");
    await rm(folder, { recursive: true });
  });
  const failed = once(child, "exit").then(
    ([code]) => assert.fail(`nginx ended with ${code}`),
    ({ message }) => assert.fail(`nginx cannot be started: apt-get install nginx (${message})`),
  );
  // Once it runs, its end is the business of whatever misses it.
  failed.catch(() => {});
  const url = `http://127.0.0.1:${port}`;
  const running = pollUntil("nginx to run", () => fetch(url).catch(() => null));
  await Promise.race([running, failed]);
  return url;
}

// The block with our addresses. Each must be there, or it is not what we think it is.
function block(port, server, below, to, requests) {
  const blocks = [...manual.matchAll(/^```nginx\n([^]*?)^```$/gm)];
  assert.equal(blocks.length, 1, "one block for nginx in docs/operations/proxy.md");
  const replaced = [
    ["listen 80;\n", `listen 127.0.0.1:${port};\n`],
    ["server 127.0.0.1:5555;", `server ${server};`],
    ["location / {", `location ${below} {`],
    ["proxy_pass http://rowcast;", `proxy_pass ${to};`],
  ];
  if (requests) replaced.push(["rate=500r/s", "rate=1r/s"], ["burst=4000", `burst=${requests}`]);
  return replaced.reduce((text, [theirs, ours]) => {
    const parts = text.split(theirs);
    assert.equal(parts.length, 2, `${theirs} in the block, once`);
    return parts.join(ours);
  }, blocks[0][1]);
}

// What Debian's own nginx.conf is, as far as it matters, in a folder of ours.
const around = (folder, block) => `
daemon off;
pid ${folder}/pid;
worker_processes 1;
events { worker_connections 768; }
http {
  access_log off;
  error_log stderr crit;
  root /nonexistent;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${block}
}
`;
