// The container engine as these tests use it: commands, and what they say about a container.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pollUntil } from "@rowcast/test-support";

const run = promisify(execFile);

// How long a container may take to become what it should.
const TIMEOUT = 90_000;

export const { COMPOSE_PROJECT_NAME: project, POSTGRES_PASSWORD: password } = process.env;

export const docker = async (...args) => (await run("docker", args, { maxBuffer: 1 << 26 })).stdout.trim();

export async function compose(...args) {
  const [program, ...words] = process.env.COMPOSE.split(" ");
  return (await run(program, [...words, ...args])).stdout.trim();
}

// The one container of a service, stopped or not.
export const container = (service) => compose("ps", "--all", "--quiet", service);

export const inspect = async (id) => JSON.parse(await docker("inspect", id))[0];

export const exec = (id, ...command) => docker("exec", id, ...command);

// Whether a command in a container fails, and how.
export const refusal = (id, ...command) => exec(id, ...command).then(() => null, (error) => error.stderr || "no word");

export const until = (what, condition) => pollUntil(what, condition, { time: TIMEOUT, interval: 100 });

export const healthy = (id) =>
  until("the container to be healthy", async () => (await inspect(id)).State.Health.Status === "healthy");

// When a container became healthy for the first time since it was started, as the engine's events have it: the
// container's own log keeps the last few checks, and a slow machine comes too late for the first.
export async function firstHealthy({ Id, State }) {
  const span = ["--since", State.StartedAt, "--until", new Date().toISOString()];
  const which = ["--filter", `container=${Id}`, "--filter", "event=health_status"];
  const events = await docker("events", ...span, ...which, "--format", "{{.TimeNano}} {{.Action}}");
  const first = events.split("\n").find((event) => event.endsWith("health_status: healthy"));
  return new Date(Number(first.split(" ")[0]) / 1e6);
}

// What the image's own health check says of a container now, without waiting for its next turn.
export async function checks(id) {
  const [kind, ...command] = (await inspect(id)).Config.Healthcheck.Test;
  if (kind !== "CMD") throw new Error(`a health check by ${kind} is not what the image has`);
  return (await refusal(id, ...command)) === null;
}

// The password that the server made up for the sample coaches, and said once.
export async function samplePassword(id) {
  const [said] = await logs(id);
  return /sign in with the password (\w+)/.exec(said.join("\n"))[1];
}

// Standard output and standard error of a container's whole life, as lines.
export async function logs(id) {
  const { stdout, stderr } = await run("docker", ["logs", id], { maxBuffer: 1 << 26 });
  return [stdout, stderr].map((text) => text.split("\n").filter(Boolean));
}
