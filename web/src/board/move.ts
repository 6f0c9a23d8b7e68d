// Moving a class to another day or time.

import type { Day, Schedule } from "@schema";

import { client } from "../app/client.ts";
import { clock, rowName } from "../app/words.ts";
import { sentences } from "../forms/background.ts";
import { toast } from "../ui/toasts.tsx";

let moved: number | undefined;

/** Whether this card has just been moved from here, so that it takes its focus along; asked once. */
export function takesFocus(id: number) {
  const takes = moved === id;
  if (takes) moved = undefined;
  return takes;
}

/** Shows at once, and goes back where it was if the server refuses. */
export async function moveClass(row: Schedule, day: Day, hour: string, undoing = false) {
  if (row.day === day && row.hour === hour) return;
  moved = row.id;
  const title = `${undoing ? "Moved back" : "Moved"} to ${day} ${clock(hour)}`;
  const write = client.update("schedules", { id: row.id, version: row.version, day, hour });
  if (client.connection().state !== "live") toast({ title, detail: "It will be sent as soon as there is a connection." });
  const ack = await write;
  if (ack.ok) {
    const now = ack.data;
    if (client.connection().state === "live") toast({ title, ...(undoing ? {} : { action: { label: "Undo", run: () => void moveClass(now, row.day, row.hour, true) } }) });
  } else if (!ack.conflict) toast({ title: `Could not move ${rowName(row)}`, detail: sentences(ack.errors), bad: true });
}
