import { RefreshCw } from "lucide-react";

import { Button } from "../ui/Button.tsx";
import { client, useConnection } from "./client.ts";
import css from "./ConnectionStatus.module.css";

/** Always there: whether what is shown is live, and what still waits to be sent. */
export function ConnectionStatus() {
  const { state, pendingCount } = useConnection();
  const queued = pendingCount > 0 && state !== "live" ? `${pendingCount} waiting` : undefined;
  const stuck = state !== "live" && state !== "connecting";
  return (
    <div className={css.status} data-state={state}>
      <p role="status" aria-label="Connection">
        <i aria-hidden="true" />
        <span>{state === "live" && pendingCount > 0 ? "Saving…" : names[state]}</span>
        {queued !== undefined && <b>{queued}</b>}
      </p>
      {stuck && (
        <Button look="icon" aria-label="Connect now" onPress={() => client.reconnect()}>
          <RefreshCw size={15} aria-hidden="true" />
        </Button>
      )}
    </div>
  );
}

const names = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "Offline",
  refused: "Refused",
};
