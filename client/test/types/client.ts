// Held against the compiler by `npm run check`: what is wrong about collections and fields does not compile.

import { createClient, type Ack, type Conflict, type Write } from "../../src/index.ts";
import { createHooks } from "../../src/react.ts";
import { schema, type Coach, type Collections, type Schedule } from "../../../api-schema/generated/schema.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>) => {};

const client = createClient(schema);
const ada = { name: "Ada", age: 36, picture: "https://example.com/ada.png" };

export async function rows() {
  const coaches = client.rows("coaches");
  same<typeof coaches, readonly Coach[]>(true);
  const schedule = client.row("schedules", 1);
  same<typeof schedule, Schedule | undefined>(true);
  // @ts-expect-error there is no such collection
  client.rows("coachs");
  // @ts-expect-error a coach has no salary
  client.rows("coaches")[0]?.salary;
  // @ts-expect-error rows are the client's
  client.rows("coaches").push(ada);
}

export async function writes() {
  const write = client.create("coaches", ada);
  same<typeof write, Write<Coach>>(true);
  const ack = await write;
  if (ack.ok) same<typeof ack.data, Coach>(true);
  else same<typeof ack.errors, Record<string, string>>(true);
  // @ts-expect-error age is missing
  client.create("coaches", { name: "Ada", picture: "" });
  // @ts-expect-error age is a number
  client.create("coaches", { ...ada, age: "36" });
  // @ts-expect-error there is no such field
  client.create("coaches", { ...ada, salary: 9 });
  // @ts-expect-error there is no such day
  client.create("schedules", { day: "Someday", hour: "800", coach: { id: 1 }, workout_plan: { id: 1 } });
  client.update("coaches", { id: 1, version: 1, name: "Ada" });
  // @ts-expect-error which one?
  client.update("coaches", { name: "Ada" });
  // @ts-expect-error that is of a coach
  client.update("schedules", { id: 1, name: "Ada" });
  client.delete("coaches", write.id);
  // @ts-expect-error there is no such collection
  client.delete("rooms", 1);
}

export function conflicts(conflict: Conflict<Collections>) {
  if (conflict.collection === "schedules") same<typeof conflict.theirs, Schedule>(true);
  // @ts-expect-error not before it is known which collection
  conflict.theirs.hour;
}

type Emits<P, T> = [payload: P, ack: (ack: Ack<T>) => void] | [payload: P, options: object, ack: (ack: Ack<T>) => void];
interface Page {
  rows: Coach[];
}
interface Events {
  list_coaches: (...args: [ack: (ack: Ack<Page>) => void] | Emits<{ limit?: number } | null, Page>) => void;
  get_coach: (...args: Emits<{ id: number }, Coach>) => void;
}

export async function asks() {
  const typed = createClient<Collections, Events>(schema);
  const page = await typed.request("list_coaches");
  if (page.ok) same<typeof page.data, Page>(true);
  await typed.request("list_coaches", { limit: 1 });
  // @ts-expect-error a limit is a number
  await typed.request("list_coaches", { limit: "1" });
  // @ts-expect-error which one?
  await typed.request("get_coach");
  // @ts-expect-error there is no such event
  await typed.request("list_rooms");
  (await client.request("whatever", { is: "asked" })).data.anything;
}

export function inReact() {
  const { useCollection, useRow } = createHooks(client);
  useCollection("schedules", { where: { day: "Monday" }, sort: "hour" });
  useCollection("coaches", { where: (coach) => coach.age > 30, sort: "-age" });
  useCollection("coaches", { sort: (one, other) => one.age - other.age });
  // @ts-expect-error there is no such day
  useCollection("schedules", { where: { day: "Someday" } });
  // @ts-expect-error a coach has no salary
  useCollection("coaches", { sort: "-salary" });
  const row = useRow("coaches", 1);
  same<typeof row, Coach | undefined>(true);
}
