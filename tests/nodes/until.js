// For what nothing announces: looks again and again, until it is so or it is too late.

import { setTimeout as pause } from "node:timers/promises";
import { patience } from "../clients/javascript/server.js";

export async function until(what, so) {
  for (const end = Date.now() + patience; Date.now() < end; await pause(25)) {
    const found = await so();
    if (found) return found;
  }
  throw new Error(`waited in vain for ${what}`);
}
