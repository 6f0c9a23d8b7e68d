import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import css from "./Empty.module.css";

interface Props {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** Where it is all that the page has. */
  alone?: boolean;
}

/** What stands where nothing is yet: what this place is for, and the next step. */
export function Empty({ icon: Icon, title, children, action, alone = false }: Props) {
  const Title = alone ? "h1" : "p";
  return (
    <div className={css.empty}>
      <span className={css.mark}>
        <Icon size={26} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <Title className={css.title}>{title}</Title>
      {children !== undefined && <p className={css.words}>{children}</p>}
      {action}
    </div>
  );
}
