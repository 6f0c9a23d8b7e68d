import { Button as AriaButton, type ButtonProps, composeRenderProps } from "react-aria-components";

import css from "./Button.module.css";

export type Look = "primary" | "plain" | "quiet" | "danger" | "remove" | "icon";

interface Props extends ButtonProps {
  look?: Look;
  /** Busy: keeps its place and focus; its handler ignores a second press. */
  busy?: boolean;
}

/** The one button; `icon` is for those that are just a picture and carry an `aria-label`. */
export function Button({ look = "plain", busy = false, className, ...props }: Props) {
  return (
    <AriaButton
      {...props}
      data-busy={busy || undefined}
      className={composeRenderProps(className, (own) => [css.button, css[look], own].filter(Boolean).join(" "))}
    />
  );
}

/** For links that look like buttons. */
export const buttonClass = (look: Look) => `${css.button} ${css[look]}`;
