// Which conflicts an open form is seeing to. The others are offered above the page.

import { useSyncExternalStore } from "react";

let claimed: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function change(next: Set<string>) {
  claimed = next;
  listeners.forEach((listener) => listener());
}

/** Says that a write's conflict will be shown by whoever asks; returns what takes that back. */
export function claim(requestId: string) {
  change(new Set([...claimed, requestId]));
  return () => change(new Set([...claimed].filter((id) => id !== requestId)));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useClaimed = () => useSyncExternalStore(subscribe, () => claimed);
