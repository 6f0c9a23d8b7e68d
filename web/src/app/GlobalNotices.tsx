import { ConflictNotice } from "../live/ConflictNotice.tsx";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { client, useConnection } from "./client.ts";
import css from "./GlobalNotices.module.css";
import { useGate } from "./Gate.tsx";
import { listed, words } from "./words.ts";

/** What concerns the whole page: a refused connection, another schema, conflicts that no open form shows. */
export function GlobalNotices() {
  const { state, reason, schema, access } = useConnection();
  const { mayEdit, openSignIn } = useGate();
  const differs = schema.differs.map((name) => (name in words ? words[name as keyof typeof words].many : name));
  return (
    <div className={css.notices}>
      {state === "refused" && (
        <Notice kind="danger" title="The server refused the connection" actions={<RefusedActions signIn={() => openSignIn()} />}>
          {reason ?? "It gave no reason."}
        </Notice>
      )}
      {!schema.matches && (
        <Notice kind="warn" title={`This page was built for another schema${differs.length > 0 ? ` of: ${listed(differs)}` : ""}`} actions={<Button onPress={() => location.reload()}>Reload the page</Button>}>
          Some of it may be missing or refused until both are of one version.
        </Notice>
      )}
      {access === "read" && !mayEdit && state === "live" && (
        <Notice actions={<Button onPress={() => openSignIn()}>Sign in</Button>}>You are looking. Sign in to change anything.</Notice>
      )}
      <ConflictNotice />
    </div>
  );
}

function RefusedActions({ signIn }: { signIn: () => void }) {
  return (
    <>
      <Button onPress={() => client.reconnect()}>Try again</Button>
      <Button onPress={signIn}>Sign in</Button>
    </>
  );
}
