import { useState } from "react";

import css from "./Avatar.module.css";

/** Pictures that did not come are not asked for again by every list that shows them. */
const missing = new Set<string>();

interface Props {
  id: number;
  name: string;
  picture?: string | undefined;
  size?: number;
}

/**
 * A portrait on top of initials: where the picture does not come, the initials are there already, and nothing moves.
 */
export function Avatar({ id, name, picture, size = 40 }: Props) {
  const [shown, setShown] = useState<string>();
  return (
    <span className={css.avatar} data-hue={hue(id)} style={{ width: size, height: size, fontSize: size * 0.38 }} data-initials={initials(name)} aria-hidden="true">
      {picture !== undefined && !missing.has(picture) && navigator.onLine && (
        <img
          key={picture}
          src={picture}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          data-shown={shown === picture}
          onLoad={() => setShown(picture)}
          onError={() => missing.add(picture)}
        />
      )}
    </span>
  );
}

/** One of eight colours, always the same for the same row. */
export const hue = (id: number) => Math.abs(id) % 8;

function initials(name: string) {
  const parts = name.trim().split(/\s+/);
  const [first = "?", last = ""] = [parts[0], parts.length > 1 ? parts.at(-1) : ""];
  return ([...first][0] ?? "?").concat([...last][0] ?? "").toUpperCase();
}
