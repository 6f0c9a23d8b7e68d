import { useEffect, useRef } from "react";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { Outlet, ScrollRestoration, useHref, useLocation, useNavigate } from "react-router";

import { Announcer } from "../live/Announcer.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { AccountMenu } from "./AccountMenu.tsx";
import { useConnection } from "./client.ts";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import { GateProvider } from "./Gate.tsx";
import { GlobalNotices } from "./GlobalNotices.tsx";
import { Logo } from "./Logo.tsx";
import { Navigation } from "./Navigation.tsx";
import css from "./Shell.module.css";
import { SignInPage } from "./SignIn.tsx";

/** What stays while pages come and go. */
export function Shell() {
  const navigate = useNavigate();
  const { needsSignIn } = useConnection();
  const main = useRef<HTMLElement>(null);
  useFocusOnPage(main);
  return (
    <I18nProvider locale="en-US">
      <RouterProvider navigate={(to) => void navigate(to)} useHref={useHref}>
        <GateProvider>
          <a className={css.skip} href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
            Skip to content
          </a>
          <div className={css.shell}>
            <header className={css.bar}>
              <Logo />
              {!needsSignIn && <Navigation />}
              <div className={css.foot}>
                <ConnectionStatus />
                <AccountMenu />
              </div>
            </header>
            <main ref={main} id="main" tabIndex={-1} className={css.main}>
              <GlobalNotices />
              {needsSignIn ? <SignInPage /> : <Outlet />}
            </main>
          </div>
          <Announcer />
          <Toasts />
          <ScrollRestoration />
        </GateProvider>
      </RouterProvider>
    </I18nProvider>
  );
}

/** On another page, reading begins at its content; inside a page focus is its own matter. */
function useFocusOnPage(main: React.RefObject<HTMLElement | null>) {
  const page = useLocation().pathname.split("/")[1] || "week";
  const area = page === "classes" ? "week" : page;
  const last = useRef(area);
  useEffect(() => {
    if (last.current === area) return;
    last.current = area;
    if (document.activeElement === document.body || document.activeElement?.closest("header")) main.current?.focus({ preventScroll: true });
  }, [area, main]);
}
