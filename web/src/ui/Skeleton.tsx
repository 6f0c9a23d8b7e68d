import css from "./Skeleton.module.css";

/** Grey rows in the shape of what is about to come. */
export function Skeleton({ rows = 7, label }: { rows?: number; label: string }) {
  return (
    <div className={css.skeleton} role="status">
      <span className="hidden-text">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={css.row} aria-hidden="true">
          <i />
          <span>
            <b style={{ width: `${34 + ((row * 17) % 30)}%` }} />
            <b style={{ width: `${20 + ((row * 11) % 22)}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
