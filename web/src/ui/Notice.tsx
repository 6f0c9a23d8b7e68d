import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode, Ref } from "react";

import css from "./Notice.module.css";

interface Props {
  kind?: "info" | "warn" | "danger" | "live";
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  ref?: Ref<HTMLDivElement>;
}

const icons = { info: Info, warn: TriangleAlert, danger: CircleAlert, live: Info };

/** A sentence in its own frame; what is dangerous is read out at once, the rest when there is time. */
export function Notice({ kind = "info", title, children, actions, ref }: Props) {
  const Icon = icons[kind];
  return (
    <div ref={ref} tabIndex={-1} role={kind === "danger" ? "alert" : "status"} className={`${css.notice} ${css[kind]}`}>
      <Icon size={18} aria-hidden="true" />
      <div className={css.words}>
        {title !== undefined && <strong>{title}</strong>}
        {children !== undefined && <div>{children}</div>}
      </div>
      {actions !== undefined && <div className={css.actions}>{actions}</div>}
    </div>
  );
}
