import { Check, CircleUserRound, LogIn, LogOut } from "lucide-react";
import { useState } from "react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";

import { anythingUnsaved } from "../forms/unsaved.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Actions, Modal } from "../ui/Modal.tsx";
import { toast } from "../ui/toasts.tsx";
import css from "./AccountMenu.module.css";
import { client, useConnection, useUser } from "./client.ts";
import { useGate } from "./Gate.tsx";
import { type Theme, useTheme } from "./theme.ts";

const themes: { id: Theme; label: string }[] = [
  { id: "system", label: "As the system" },
  { id: "light", label: "Light" },
  { id: "dark", label: "Dark" },
];

/** The signed-in user, and the page's colour scheme. */
export function AccountMenu() {
  const user = useUser();
  const { openSignIn } = useGate();
  const [theme, chooseTheme] = useTheme();
  const { access } = useConnection();
  const [asking, setAsking] = useState(false);
  // Where only members see anything, the form goes with the sign-in.
  const leave = () => (access === "members" && anythingUnsaved() ? setAsking(true) : void signOut());
  return (
    <>
      <MenuTrigger>
        <Button look="icon" className={css.trigger as string} aria-label={user ? `Account: ${user.name}` : "Account: not signed in"}>
          {user ? <Avatar id={user.id} name={user.name} size={30} /> : <CircleUserRound size={22} strokeWidth={1.7} aria-hidden="true" />}
          <span className={css.who}>{user ? user.name : "Not signed in"}</span>
        </Button>
        <Popover className={css.popover as string} placement="top start">
          <Menu className={css.menu as string} aria-label="Account">
            {user ? (
              <MenuItem className={css.item as string} onAction={leave}>
                <LogOut size={17} aria-hidden="true" /> Sign out
              </MenuItem>
            ) : (
              <MenuItem className={css.item as string} onAction={() => openSignIn()}>
                <LogIn size={17} aria-hidden="true" /> Sign in
              </MenuItem>
            )}
            <Separator className={css.rule as string} />
            <MenuSection
              selectionMode="single"
              disallowEmptySelection
              selectedKeys={[theme]}
              onSelectionChange={(keys) => {
                const picked = themes.find(({ id }) => keys !== "all" && keys.has(id));
                if (picked) chooseTheme(picked.id);
              }}
            >
              <Header className={css.header as string}>Appearance</Header>
              {themes.map(({ id, label }) => (
                <MenuItem key={id} id={id} className={css.item as string} textValue={label}>
                  <Check size={16} className={css.check as string} aria-hidden="true" /> {label}
                </MenuItem>
              ))}
            </MenuSection>
          </Menu>
        </Popover>
      </MenuTrigger>
      {asking && (
        <Modal title="Sign out without saving?" question onClose={() => setAsking(false)}>
          <p>What you have changed here has not been saved.</p>
          <Actions>
            <Button data-first onPress={() => setAsking(false)}>
              Keep editing
            </Button>
            <Button
              look="danger"
              onPress={() => {
                setAsking(false);
                void signOut();
              }}
            >
              Sign out
            </Button>
          </Actions>
        </Modal>
      )}
    </>
  );
}

async function signOut() {
  const ack = await client.logout();
  toast(ack.ok ? { title: "Signed out" } : { title: "Could not sign out", detail: Object.values(ack.errors).join(" "), bad: true });
}
