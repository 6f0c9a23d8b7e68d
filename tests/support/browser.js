// Chromium as installed on the machine.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

// The headless shell needs a quarter less CPU than the browser with its windows.
const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
const folders = (process.env.PATH ?? "").split(delimiter);
const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));

// The path of Chromium, or undefined.
export const chromiumPath = process.env.CHROMIUM ?? candidates.find((path) => existsSync(path));

// The script of axe-core, for a page.
export const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// The tests open their own pages only, so no sandbox is needed, and nothing may connect to other hosts.
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchBrowser() {
  if (!chromiumPath) throw new Error("Chromium is missing: apt-get install chromium-headless-shell, or set CHROMIUM");
  return chromium.launch({ executablePath: chromiumPath, args });
}
