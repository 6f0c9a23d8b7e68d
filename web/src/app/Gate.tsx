// Permission to edit: where changes need a sign-in, starting one opens the sign-in first.

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";

import { useConnection, useUser } from "./client.ts";
import { SignInDialog } from "./SignIn.tsx";

interface Gate {
  mayEdit: boolean;
  openSignIn: (then?: () => void) => void;
  /** Does it now, or after a sign-in. */
  whenSignedIn: (action: () => void) => void;
}

const Context = createContext<Gate>({ mayEdit: true, openSignIn: () => {}, whenSignedIn: (action) => action() });

export const useGate = () => useContext(Context);

export function GateProvider({ children }: { children: ReactNode }) {
  const { access } = useConnection();
  const user = useUser();
  const [asked, setAsked] = useState<{ then?: () => void }>();
  const mayEdit = access === "open" || user !== null;
  const gate = useMemo<Gate>(
    () => ({
      mayEdit,
      openSignIn: (then) => setAsked(then ? { then } : {}),
      whenSignedIn: (action) => (mayEdit ? action() : setAsked({ then: action })),
    }),
    [mayEdit],
  );
  return (
    <Context value={gate}>
      {children}
      {asked && (
        <SignInDialog
          why={asked.then && "Sign in to change anything. Everybody can look."}
          onClose={() => setAsked(undefined)}
          onDone={() => {
            setAsked(undefined);
            asked.then?.();
          }}
        />
      )}
    </Context>
  );
}
