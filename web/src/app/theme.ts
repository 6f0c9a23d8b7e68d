// Light or dark: the system's scheme, unless the user has chosen one.

import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "rowcast-planner.theme";
const listeners = new Set<() => void>();

function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Puts the chosen theme on the page; called before the first paint. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

function choose(next: Theme) {
  localStorage.setItem(KEY, next);
  applyTheme();
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): [Theme, (next: Theme) => void] {
  return [useSyncExternalStore(subscribe, theme), choose];
}
