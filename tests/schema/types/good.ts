// What a front end may write; all of it compiles.

import { io, type Socket } from "socket.io-client";
import {
  rules,
  schema,
  type Ack,
  type ClientToServerEvents,
  type Coach,
  type CoachPage,
  type Collections,
  type Day,
  type NewSchedule,
  type Schedule,
  type Schema,
  type ServerToClientEvents,
  type SignedIn,
} from "../../../api-schema/generated/schema.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <_ extends true>() => {};

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");
const ada = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

socket.emit("new_coach", ada, (ack) => {
  yes<Same<typeof ack, Ack<Coach>>>();
  if (ack.ok) console.log(ack.data.username?.length, ack.data.version + 1);
  else console.log(ack.data?.version, ack.errors["age"]);
});
socket.emit("new_coach", { ...ada, username: null }, { request_id: crypto.randomUUID() }, (ack) => console.log(ack.ok));
socket.emit("new_coach", ada, () => {});

const plain = await socket.emitWithAck("new_coach", ada);
yes<Same<typeof plain, Ack<Coach>>>();
const repeated = await socket.emitWithAck("new_coach", ada, { request_id: crypto.randomUUID() });
yes<Same<typeof repeated, Ack<Coach>>>();
// The stock types forget what `timeout` resolves to, but not what it is asked.
const patient: Ack<Coach> = await socket.timeout(5000).emitWithAck("update_coach", { id: 1, age: 37 });
socket.timeout(5000).emit("delete_coach", { id: 1 }, (error, ack) => {
  yes<Same<typeof error, Error>>();
  if (ack.ok) console.log(ack.data.id);
});

const all = await socket.emitWithAck("list_coaches");
yes<Same<typeof all, Ack<CoachPage>>>();
await socket.emitWithAck("list_coaches", { where: { age: { gte: 40, lt: 60 }, name: "Ada", username: null }, sort: "-age", limit: 10 });
await socket.emitWithAck("list_coaches", { where: { id: { in: [1, true], ne: false } } });
await socket.emitWithAck("list_schedules", { where: { day: { in: ["Monday", "Sunday"] }, coach: 2 } });
if (all.ok && all.data.next !== null) await socket.emitWithAck("list_coaches", { after: all.data.next });

socket.emit("me", (ack) => ack.ok && console.log(ack.data?.name));
socket.emit("logout", null, {}, (ack) => ack.ok);
socket.emit("refresh", () => {});
socket.emit("login", { username: "ada", password: "secret" }, (ack) => {
  if (ack.ok) yes<Same<typeof ack.data, SignedIn>>();
  console.log(ack.user?.name);
});

socket.on("connect", () => {});
socket.on("connect_error", (error) => console.log(error.message));
socket.on("connected", ({ sid, user, access, schema: { hash, collections } }) => {
  console.log(sid, user?.name, access === "members", hash === schema.hash, collections["coaches"]);
});
socket.on("coaches", (rows) => rows.map(({ name }) => name));
socket.on("schedules", (rows, { cursor }) => {
  yes<Same<typeof rows, Schedule[]>>();
  console.log(cursor, rows[0]?.coach.name);
});
socket.on("changes", ({ cursor, coaches }) => console.log(cursor, coaches?.upserted[0]?.age, coaches?.deleted[0]));
socket.on("authored", ({ collection, id, version, by }) => console.log(collection, id, version, by?.name));
socket.on("signed_out", ({ reason }) => reason);

// A whole row names one, and goes back in.
const edit = (row: Schedule, coach: Coach): NewSchedule => ({ day: row.day, hour: row.hour, coach, workout_plan: row.workout_plan });
const back = (row: Schedule) => socket.emitWithAck("update_schedule", row);

// A store of one's own.
const store = <C>(types: Schema<C>) => <K extends keyof C>(name: K): C[K] => ({ name, ...types }) as never;
const rows = store(schema)("schedules");
yes<Same<typeof rows, Collections["schedules"]>>();
yes<Same<(typeof rules.coaches.age)["minimum"], 18>>();
const days: readonly Day[] = rules.schedules.day.enum;

console.log(patient, edit, back, days);
