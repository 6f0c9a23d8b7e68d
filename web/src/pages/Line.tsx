import type { ReactNode } from "react";

import css from "./Line.module.css";

interface Props {
  mark: ReactNode;
  name: string;
  detail: ReactNode;
  /** At the far end, where there is room. */
  end?: ReactNode;
}

/** How a row looks in a list. */
export function Line({ mark, name, detail, end }: Props) {
  return (
    <>
      {mark}
      <span className={css.words}>
        <strong>{name}</strong>
        <span>{detail}</span>
      </span>
      {end !== undefined && <span className={css.end}>{end}</span>}
    </>
  );
}

/** A square with a picture in it, for what has no face. */
export function Tile({ children, hue }: { children: ReactNode; hue: number }) {
  return (
    <span className={css.tile} data-hue={hue} aria-hidden="true">
      {children}
    </span>
  );
}

export function Tag({ children }: { children: ReactNode }) {
  return <span className={css.tag}>{children}</span>;
}
