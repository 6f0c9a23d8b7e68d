// Which conflicts an open form is seeing to. The others are offered above the page.

import { useSyncExternalStore } from "react";

let claimed: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function change(next: Set<string>) {
  claimed = next;
  listeners.forEach((listener) => listener());
}

/** Claims the display of a write's conflict for the caller; returns a function that releases it. */
export function claim(requestId: string) {
  change(new Set([...claimed, requestId]));
  return () => change(new Set([...claimed].filter((id) => id !== requestId)));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useClaimed = () => useSyncExternalStore(subscribe, () => claimed);
