// A program that a reader starts in a terminal, and its lines as they come.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { withTimeout } from "@rowcast/test-support";

export function start(test, program, args, env = {}) {
  // In a group of its own, because Ctrl-C goes to a whole group.
  const options = { detached: true, stdio: ["pipe", "pipe", "inherit"] };
  const child = spawn(program, args, { env: { ...process.env, ...env }, ...options });
  const ended = once(child, "exit");
  const kill = (signal) => child.exitCode === null && process.kill(-child.pid, signal);
  test.after(() => kill("SIGTERM") && ended);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    kill,
    type: (text) => child.stdin.write(`${text}\n`),
    // The next line that is like this.
    async line(so, what) {
      for (;;) {
        const { value, done } = await withTimeout(lines.next(), what);
        if (done) assert.fail(`${program} ended without ${what}`);
        if (so(value)) return value;
      }
    },
    code: async () => (await withTimeout(ended, `${program} to end`))[0],
  };
}
