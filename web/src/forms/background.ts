// Writes whose form is closed: a message reports their refusal.

import type { RestoredWrite, Write, WriteAck } from "@rowcast/client";

import { type Name } from "../app/client.ts";
import { fieldWord, words } from "../app/words.ts";
import { toast } from "../ui/toasts.tsx";

/** Reports a refusal. A conflict is displayed above the page instead. */
export async function watch(write: Write<unknown>, collection: Name, doing: string) {
  const ack = await write;
  reportRefusal(ack, `${doing} the ${words[collection].one}`);
  return ack;
}

/** The same for a write that an earlier page has left behind. */
export function reportRestoredWrite({ kind, collection, values }: RestoredWrite, ack: WriteAck<unknown>) {
  const name = typeof values["name"] === "string" ? ` “${values["name"]}”` : "";
  reportRefusal(ack, `${kind === "update" ? "change" : kind} the ${words[collection as Name].one}${name} as you left it`);
}

function reportRefusal(ack: WriteAck<unknown>, doing: string) {
  if (!ack.ok && !ack.conflict) toast({ title: `Could not ${doing}`, detail: sentences(ack.errors), bad: true });
}

/** All that is wrong, as text: `Age: must be at least 18`. */
export function sentences(errors: Record<string, string>) {
  return Object.entries(errors)
    .map(([key, sentence]) => (key.startsWith("$") ? sentence : `${fieldWord(key)}: ${sentence}`))
    .join("; ");
}
