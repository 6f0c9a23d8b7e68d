import { useEffect, useState } from "react";

import { type Name, useLastEdit } from "../app/client.ts";

/** How long a remote edit is highlighted. */
const SHOWN = 8000;

/** The remote edit of a row while it is recent; then undefined. */
export function useFresh(collection: Name, id: number) {
  const edit = useLastEdit(collection, id);
  const [now, setNow] = useState(Date.now);
  const at = edit?.at;
  useEffect(() => {
    if (at === undefined) return;
    setNow(Date.now());
    const left = at + SHOWN - Date.now();
    if (left <= 0) return;
    const timer = setTimeout(() => setNow(Date.now()), left);
    return () => clearTimeout(timer);
  }, [at]);
  // A change that came since the last look at the clock is later than it, and news too.
  return edit && now - edit.at < SHOWN ? edit : undefined;
}
