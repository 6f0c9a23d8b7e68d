import { Link } from "react-router";

import css from "./Logo.module.css";

/** Three strokes of an oar, or three rows on their way. */
export function Logo() {
  return (
    <Link to="/" className={css.logo} aria-label="Rowcast Planner, to the week">
      <svg viewBox="0 0 32 32" width="34" height="34" aria-hidden="true">
        <rect className={css.plate} width="32" height="32" rx="9" />
        <path className={css.strokes} d="M7 10h11M11 16h12M7 22h14" />
        <circle className={css.dot} cx="24" cy="10" r="2.2" />
      </svg>
      <span className={css.name}>
        Rowcast <b>Planner</b>
      </span>
    </Link>
  );
}
