// Writes whose form is gone: how they end is told in a message.

import type { Write } from "@rowcast/client";

import { type Name } from "../app/client.ts";
import { fieldWord, words } from "../app/words.ts";
import { toast } from "../ui/toasts.tsx";

/** Tells of a refusal. A conflict is not told here: it is offered above the page. */
export async function watch(write: Write<unknown>, collection: Name, doing: string) {
  const ack = await write;
  if (!ack.ok && !ack.conflict) toast({ title: `Could not ${doing} the ${words[collection].one}`, detail: sentences(ack.errors), bad: true });
  return ack;
}

/** All that is wrong, as text: `Age: must be at least 18`. */
export function sentences(errors: Record<string, string>) {
  return Object.entries(errors)
    .map(([key, sentence]) => (key.startsWith("$") ? sentence : `${fieldWord(key)}: ${sentence}`))
    .join("; ");
}
