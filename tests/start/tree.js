// A small tree around the real script: two workspaces, a build that takes no time, and a PATH that holds just what a
// test says.
//
// cargo is one that says what it was asked to do: it would take minutes to build the server here, and others see to
// that.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../scripts/start", import.meta.url));

const cargo = '#!/bin/sh\necho "cargo in $PWD:"\nfor word; do echo "$word"; done\n';
const build = `
import { cpSync, mkdirSync, readFileSync } from "node:fs";
console.log("building");
mkdirSync("web/dist", { recursive: true });
if (readFileSync("web/page.html", "utf8") === "broken") throw new Error("this page is broken");
if (readFileSync("web/page.html", "utf8") === "endless") setInterval(() => {}, 1000);
else cpSync("web/page.html", "web/dist/index.html");
`;

export async function plant(test) {
  // The address has blanks in it, as some people's have.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "rowcast start ")));
  test.after(() => rm(folder, { recursive: true }));
  const write = async (path, text, mode = 0o644) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode });
  };
  const workspaces = ["client", "web"];
  const root = { name: "tree", private: true, type: "module", workspaces, scripts: { build: "node build.js" } };
  await write("package.json", JSON.stringify(root));
  for (const name of workspaces) await write(`${name}/package.json`, JSON.stringify({ name, version: "1.0.0" }));
  const packages = { "": { name: "tree", workspaces } };
  for (const name of workspaces) {
    packages[name] = { version: "1.0.0" };
    packages[`node_modules/${name}`] = { resolved: name, link: true };
  }
  await write("package-lock.json", JSON.stringify({ name: "tree", lockfileVersion: 3, requires: true, packages }));
  await write("build.js", build);
  await write("web/page.html", "first");
  await write("web/other.html", "other");
  await write("api-schema/generated/schema.ts", "");
  await mkdir(join(folder, "scripts"));
  await copyFile(script, join(folder, "scripts/start"));

  await write("bin/cargo", cargo, 0o755);
  await write("bin/cc", "#!/bin/sh\n", 0o755);
  for (const program of ["bash", "sh", "env", "dirname", "find", "mkdir"]) await link(program);
  for (const program of ["node", "npm"]) await link(program);

  async function link(name) {
    for (const place of process.env.PATH.split(delimiter)) {
      const found = await realpath(join(place, name)).catch(() => null);
      if (found) return symlink(found, join(folder, "bin", name));
    }
    throw new Error(`${name} is not in PATH`);
  }

  function start(...args) {
    const env = { HOME: folder, PATH: join(folder, "bin") };
    const child = spawn(join(folder, "scripts/start"), args, { cwd: "/", env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const said = { out: "", err: "" };
    child.stdout.on("data", (text) => (said.out += text));
    child.stderr.on("data", (text) => (said.err += text));
    const ended = once(child, "close").then(([code]) => ({ code, ...said }));
    // As a terminal does it: to all that were started.
    return { ended, interrupt: () => process.kill(-child.pid, "SIGINT") };
  }

  return { folder, write, lose: (path) => rm(join(folder, path)), start, run: (...args) => start(...args).ended };
}
