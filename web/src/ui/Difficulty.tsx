import css from "./Difficulty.module.css";

const LEVELS: [number, RegExp][] = [
  [1, /easy|beginner|gentle|light|low|starter/i],
  [2, /medium|moderate|intermediate|mid|normal/i],
  [3, /hard|advanced|expert|tough|intense|high|difficult/i],
];

interface Props {
  value: string;
  /** Bars only, where space is short and the word is displayed elsewhere. */
  short?: boolean;
}

/** How hard a plan is: its own word, and three bars where the word is a usual one. */
export function Difficulty({ value, short = false }: Props) {
  const level = LEVELS.find(([, words]) => words.test(value))?.[0];
  return (
    <span className={css.difficulty} title={value}>
      {level !== undefined && (
        <span className={css.bars} aria-hidden="true">
          {[1, 2, 3].map((bar) => (
            <i key={bar} data-on={bar <= level} />
          ))}
        </span>
      )}
      {(!short || level === undefined) && <span className={css.word}>{value}</span>}
    </span>
  );
}
