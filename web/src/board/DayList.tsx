import type { Day, Schedule } from "@schema";
import { CalendarPlus } from "lucide-react";
import { useMemo } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

import { count } from "../app/words.ts";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { ClassCard } from "./ClassCard.tsx";
import css from "./DayList.module.css";
import { days, inOrder, useNow } from "./days.ts";

interface Props {
  rows: readonly Schedule[];
  day: Day;
  onDay: (day: Day) => void;
  onCreate: (day: Day) => void;
}

/** One day at a time, where there is no room for seven. */
export function DayList({ rows, day, onDay, onCreate }: Props) {
  const { today } = useNow();
  const shown = useMemo(() => rows.filter((row) => row.day === day).sort(inOrder), [rows, day]);
  return (
    <>
      <ToggleButtonGroup
        aria-label="Day"
        className={css.days as string}
        disallowEmptySelection
        selectedKeys={[day]}
        onSelectionChange={(keys) => {
          const picked = days.find((candidate) => keys.has(candidate));
          if (picked) onDay(picked);
        }}
      >
        {days.map((candidate) => (
          <ToggleButton key={candidate} id={candidate} className={css.day as string} data-today={candidate === today} aria-label={candidate === today ? `${candidate}, today` : candidate}>
            {candidate.slice(0, 2)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <section aria-labelledby="day">
        <h2 id="day" className={css.title}>
          {day} <small>{day === today ? "Today · " : ""}{count(shown.length, "schedules")}</small>
        </h2>
        {shown.length === 0 ? (
          <Empty icon={CalendarPlus} title={`Nothing on ${day}`} action={<Button look="primary" onPress={() => onCreate(day)}>New class on {day}</Button>}>
            A free day, or one to fill.
          </Empty>
        ) : (
          <ul className={css.list}>
            {shown.map((row) => (
              <ClassCard key={row.id} row={row} wide />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}
