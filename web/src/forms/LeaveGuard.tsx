import { useEffect, useRef } from "react";
import { useBeforeUnload, useBlocker } from "react-router";

import { Button } from "../ui/Button.tsx";
import { Actions, Modal } from "../ui/Modal.tsx";
import { watchUnsaved } from "./unsaved.ts";

/** Asks before a page with unsaved changes is left. `unsaved` is asked at the moment of leaving. */
export function LeaveGuard({ unsaved }: { unsaved: () => boolean }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => unsaved() && currentLocation.pathname !== nextLocation.pathname);
  const latest = useRef(unsaved);
  useEffect(() => {
    latest.current = unsaved;
  });
  useEffect(() => watchUnsaved(() => latest.current()), []);
  useBeforeUnload((event) => {
    if (unsaved()) event.preventDefault();
  });
  if (blocker.state !== "blocked") return null;
  return (
    <Modal title="Leave without saving?" question onClose={() => blocker.reset()}>
      <p>What you have changed here has not been saved.</p>
      <Actions>
        <Button data-first onPress={() => blocker.reset()}>
          Keep editing
        </Button>
        <Button look="danger" onPress={() => blocker.proceed()}>
          Discard changes
        </Button>
      </Actions>
    </Modal>
  );
}
