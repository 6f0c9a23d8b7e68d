// Moves a class to another time, unless it has changed since it was read.
//
//     node examples/typescript/move_class.ts 7 Friday 1800        (Node.js 22.18 or later; an older one: npx tsx …)
//
// A stock socket.io-client, and the types that the server prints of itself: events, payloads, acks and rows are checked while you write.

import { io, type Socket } from "socket.io-client";
import type { Ack, ClientToServerEvents, Day, Schedule, ServerToClientEvents, UpdateSchedule } from "../../api-schema/generated/schema.ts";

const [id, day, hour] = process.argv.slice(2);
if (!id || !day || !hour) throw new Error("usage: move_class.ts ID DAY HOUR");

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(process.env["ROWCAST_URL"] ?? "http://localhost:5555");

async function move(): Promise<Ack<Schedule>> {
  const found = await socket.emitWithAck("get_schedule", { id: Number(id) });
  if (!found.ok) return found;
  const { coach, workout_plan, version } = found.data;
  console.log(`${workout_plan.name} with ${coach.name}: ${found.data.day} ${found.data.hour}`);
  // What comes from outside is no `Day` yet; the server says so if it is none.
  const values: UpdateSchedule = { id: Number(id), version, day: day as Day, hour };
  // Named, so that it is carried out once, however often it is sent.
  return socket.timeout(10_000).emitWithAck("update_schedule", values, { request_id: crypto.randomUUID() });
}

const ack = await move();
if (ack.ok) console.log(`moved to ${ack.data.day} ${ack.data.hour}`);
else for (const [field, sentence] of Object.entries(ack.errors)) console.error(`${field}: ${sentence}`);
socket.disconnect();
process.exitCode = ack.ok ? 0 : 1;
