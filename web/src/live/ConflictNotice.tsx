import type { Conflict } from "@rowcast/client";
import type { Collections } from "@schema";
import { useState } from "react";

import { useConflicts } from "../app/client.ts";
import { rowName, words } from "../app/words.ts";
import { watch } from "../forms/background.ts";
import { useClaimed } from "../forms/claims.ts";
import { ConflictDialog } from "../forms/ConflictDialog.tsx";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";

/** Conflicts of this client that no open form displays. */
export function ConflictNotice() {
  const claimed = useClaimed();
  const conflicts = useConflicts().filter(({ requestId }) => !claimed.has(requestId));
  const [open, setOpen] = useState<string>();
  const shown = conflicts.find(({ requestId }) => requestId === open);
  const [first] = conflicts;
  if (!first) return null;
  const title = conflicts.length === 1 ? `Your change of the ${words[first.collection].one} “${rowName(first.theirs)}” met a newer version` : `${conflicts.length} of your changes met newer versions`;
  return (
    <>
      <Notice kind="warn" title={title} actions={<Button onPress={() => setOpen(first.requestId)}>Compare</Button>}>
        It has not been carried out. Look at both, then decide.
      </Notice>
      {shown && (
        <ConflictDialog
          conflict={shown}
          onChoice={(choice) => {
            setOpen(undefined);
            decide(shown, choice);
          }}
        />
      )}
    </>
  );
}

function decide(conflict: Conflict<Collections>, choice: "mine" | "theirs" | "back") {
  if (choice === "mine") void watch(conflict.keepMine(), conflict.collection, "save");
  if (choice === "theirs") conflict.keepTheirs();
}
