import css from "./BoardSkeleton.module.css";

export function BoardSkeleton() {
  return (
    <div className={css.board} role="status">
      <span className="hidden-text">Loading the week</span>
      {Array.from({ length: 28 }, (_, n) => (
        <i key={n} aria-hidden="true" data-off={(n * 7) % 5 === 0} />
      ))}
    </div>
  );
}
