// What a front end may get wrong; no marked line compiles.

import { io, type Socket } from "socket.io-client";
import {
  rules,
  schema,
  type Ack,
  type ClientToServerEvents,
  type Coach,
  type NewCoach,
  type ServerToClientEvents,
} from "../../../api-schema/generated/schema.ts";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");
const ada = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

// @ts-expect-error a number that is text
socket.emit("new_coach", { ...ada, age: "36" }, () => {});
// @ts-expect-error a field that is missing
socket.emit("new_coach", { name: "Ada", age: 36 }, () => {});
// @ts-expect-error a field that nobody knows
socket.emit("new_coach", { ...ada, colour: "red" }, () => {});
// @ts-expect-error an event that nobody knows
socket.emit("new_coahc", ada, () => {});
// @ts-expect-error an option that nobody knows
socket.emit("new_coach", ada, { request: "1" }, () => {});
// @ts-expect-error no payload
socket.emit("new_coach", () => {});
// @ts-expect-error one argument too many
socket.emit("new_coach", ada, {}, {}, () => {});
// @ts-expect-error a reference without an id
socket.emit("new_schedule", { day: "Monday", hour: "900", coach: { name: "Ada" }, workout_plan: { id: 1 } }, () => {});
// @ts-expect-error a day of no week
socket.emit("new_schedule", { day: "Someday", hour: "900", coach: { id: 1 }, workout_plan: { id: 1 } }, () => {});
// @ts-expect-error an update of no row
socket.emit("update_coach", { age: 37 }, () => {});
// @ts-expect-error what cannot be null
socket.emit("update_coach", { id: 1, name: null }, () => {});
// @ts-expect-error a column that is not there
socket.emit("list_coaches", { where: { agee: 40 } }, () => {});
// @ts-expect-error a comparison that is not there
socket.emit("list_coaches", { where: { age: { above: 40 } } }, () => {});
// @ts-expect-error booleans have no order
socket.emit("list_coaches", { where: { age: { gt: true } } }, () => {});
// @ts-expect-error a payload for an event that has none
socket.emit("me", { id: 1 }, () => {});

// @ts-expect-error no payload
await socket.emitWithAck("new_coach");
// @ts-expect-error a field that is missing
await socket.emitWithAck("new_coach", { name: "Ada" });
// @ts-expect-error an option that nobody knows
await socket.emitWithAck("new_coach", ada, { request: "1" });
// @ts-expect-error a number that is text
await socket.timeout(5000).emitWithAck("new_coach", { ...ada, age: "36" });
// @ts-expect-error an event that nobody knows
await socket.timeout(5000).emitWithAck("new_coahc", ada);
// @ts-expect-error another row
const other: Ack<NewCoach & { day: string }> = await socket.emitWithAck("new_coach", ada);

socket.emit("new_coach", ada, (ack) => {
  // @ts-expect-error there may be no data
  console.log(ack.data.name);
  // @ts-expect-error no such field
  if (ack.ok) console.log(ack.data.nam);
  // @ts-expect-error nothing is wrong with what was done
  if (ack.ok) console.log(ack.errors.name.length);
});
socket.timeout(5000).emit("new_coach", ada, (error, ack) => {
  // @ts-expect-error no such field
  console.log(error.message, ack.dat);
});

// @ts-expect-error an event that the server has not
socket.on("coachs", () => {});
socket.on("coaches", (rows) => {
  // @ts-expect-error no such field
  console.log(rows.map((row) => row.nam));
});
// @ts-expect-error rows of another collection
socket.on("schedules", (rows: Coach[]) => rows);
socket.on("changes", ({ coaches }) => {
  // @ts-expect-error a collection that was not touched is not there
  console.log(coaches.upserted);
});
socket.on("connected", ({ access }) => {
  // @ts-expect-error nothing that access can be
  console.log(access === "closed");
});

// @ts-expect-error no such collection
console.log(schema.collections.nothing);
// @ts-expect-error no such field
console.log(rules.coaches.day, other);
