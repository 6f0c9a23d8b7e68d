import { ConflictNotice } from "../live/ConflictNotice.tsx";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { client, useConnection } from "./client.ts";
import css from "./GlobalNotices.module.css";
import { useGate } from "./Gate.tsx";
import { capital, listed, words } from "./words.ts";

/** What concerns the whole page: a refused connection, another schema, conflicts that no open form shows. */
export function GlobalNotices() {
  const { state, reason, schema, access, heldCount, needsSignIn, withheld, persistenceError } = useConnection();
  const { mayEdit, openSignIn } = useGate();
  const called = (names: readonly string[]) => listed(names.map((name) => (name in words ? words[name as keyof typeof words].many : name)));
  return (
    <div className={css.notices}>
      {state === "refused" && (
        <Notice kind="danger" title="The server refused the connection" actions={<RefusedActions signIn={() => openSignIn()} />}>
          {reason ?? "It gave no reason."}
        </Notice>
      )}
      {state === "reconnecting" && reason !== undefined && (
        <Notice kind="warn" title="The server cannot be reached just now">
          {capital(reason)}
        </Notice>
      )}
      {state === "live" && reason !== undefined && !needsSignIn && (
        <Notice kind="warn" title="You are no longer signed in" actions={<Button onPress={() => openSignIn()}>Sign in</Button>}>
          {capital(reason)}
        </Notice>
      )}
      {!schema.matches && (
        <Notice kind="warn" title={`This page was built for another schema${schema.differs.length > 0 ? ` of: ${called(schema.differs)}` : ""}`} actions={<Button onPress={() => location.reload()}>Reload the page</Button>}>
          Some of it may be missing or refused until both are of one version.
        </Notice>
      )}
      {withheld.length > 0 && (
        <Notice kind="warn" title={`Not shown: ${called(withheld)}`}>
          They are more than the server sends to a page. All of them are still there, and new ones can be added.
        </Notice>
      )}
      {persistenceError !== undefined && (
        <Notice kind="warn" title="This device keeps nothing">
          Changes that still wait are lost when this page is closed. The browser says: {persistenceError}.
        </Notice>
      )}
      {heldCount > 0 && (
        <Notice
          kind="warn"
          title={`${heldCount === 1 ? "A change" : `${heldCount} changes`} made on this device ${heldCount === 1 ? "waits" : "wait"} for who made ${heldCount === 1 ? "it" : "them"} to sign in`}
          actions={
            <>
              <Button onPress={() => openSignIn()}>Sign in</Button>
              <Button onPress={() => client.discard()}>Give {heldCount === 1 ? "it" : "them"} up</Button>
            </>
          }
        />
      )}
      {access === "read" && !mayEdit && state === "live" && (
        <Notice actions={<Button onPress={() => openSignIn()}>Sign in</Button>}>Everybody may look here. Sign in to change anything.</Notice>
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
